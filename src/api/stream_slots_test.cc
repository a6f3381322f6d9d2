#include "api/stream_slots.h"

#include <gtest/gtest.h>

#include <vector>

namespace stele::api {
namespace {

TEST(StreamSlots, NoOneTakesAll) {
  StreamSlots slots;
  std::vector<std::shared_ptr<void>> held;
  for (int i = 0; i < 6; ++i) held.push_back(slots.take("token:a", 8));
  EXPECT_NE(held.back(), nullptr);
  EXPECT_EQ(slots.take("token:a", 8), nullptr) << "three quarters";
  for (int i = 0; i < 2; ++i) held.push_back(slots.take("token:b", 8));
  EXPECT_NE(held.back(), nullptr);
  EXPECT_EQ(slots.take("token:c", 8), nullptr) << "all are open";
  held.erase(held.begin());
  EXPECT_NE(slots.take("token:a", 8), nullptr);
  EXPECT_EQ(slots.open(), 7U) << "it was let go of at once";
  held.clear();
  EXPECT_EQ(slots.open(), 0U);
  EXPECT_NE(slots.take("token:a", 1), nullptr) << "one at least";
}

}  // namespace
}  // namespace stele::api
