#include "base/parallel.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace stele {
namespace {

// Goal: each index is worked on once, whether there are more of them than processors or fewer, and all is done on return.
TEST(ForEachInParallel, does_each_once) {
  for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
    std::vector<std::atomic<int>> times(count);
    for_each_in_parallel(count, [&](std::size_t i) { ++times[i]; });
    for (const auto& one : times) ASSERT_EQ(one, 1);
  }
}

// Goal: a failure reaches the caller, and what is left is left.
TEST(ForEachInParallel, throws_on) {
  std::atomic<std::size_t> done = 0;
  const auto work = [&](std::size_t i) {
    if (i == 3) throw std::runtime_error("three");
    ++done;
  };
  EXPECT_THROW(for_each_in_parallel(10'000'000, work), std::runtime_error);
  EXPECT_LT(done, 10'000'000U - 1);
}

}  // namespace
}  // namespace stele
