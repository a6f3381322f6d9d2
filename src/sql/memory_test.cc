// What a statement may take of memory is its thread's own matter.
#include "sql/memory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>

namespace stele::sql {
namespace {

constexpr std::size_t kLimit = 1U << 20;

bool can_take(int bytes) {
  void* const taken = sqlite3_malloc(bytes);
  sqlite3_free(taken);
  return taken != nullptr;
}

TEST(MemoryLimit, RefusesWhatIsOverOnItsThreadAlone) {
  ASSERT_TRUE(install_memory_limits());
  const std::function<bool()> on = [] { return true; };
  {
    const MemoryLimit limit(kLimit, on);
    EXPECT_TRUE(can_take(kLimit / 2));
    EXPECT_FALSE(can_take(kLimit * 2));
    void* const half = sqlite3_malloc(kLimit / 2);
    EXPECT_FALSE(can_take(kLimit * 3 / 4));
    EXPECT_EQ(sqlite3_realloc(half, kLimit * 2), nullptr);
    sqlite3_free(half);
    EXPECT_TRUE(can_take(kLimit * 3 / 4));
    std::thread([] { EXPECT_TRUE(can_take(kLimit * 2)); }).join();
  }
  EXPECT_TRUE(can_take(kLimit * 2));
}

TEST(MemoryLimit, GivesNothingMuchOnceItIsToEnd) {
  ASSERT_TRUE(install_memory_limits());
  bool goes_on = true;
  const std::function<bool()> asked = [&] { return goes_on; };
  const MemoryLimit limit(kLimit, asked);
  EXPECT_TRUE(can_take(kLimit / 2));
  goes_on = false;
  EXPECT_FALSE(can_take(kLimit / 2));
  EXPECT_TRUE(can_take(100));
}

}  // namespace
}  // namespace stele::sql
