// When a disk's filling is said, and that it is said once.
#include "notify/disk_watch.h"

#include <gtest/gtest.h>

namespace stele::notify {
namespace {

// Goal: said once below the limit, again offered until written, and taken back only a point above it.
TEST(DiskWatch, says_that_a_disk_fills_and_that_it_is_well_again) {
  DiskWatch watch(10, "/data");
  EXPECT_FALSE(watch.sample({1000, 100}, 1));
  const auto event = watch.sample({1000, 99}, 2);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->action, "stele.disk.filling");
  EXPECT_EQ(event->severity, "warning");
  EXPECT_EQ(event->targets[0].id, "/data");
  EXPECT_TRUE(watch.sample({1000, 99}, 3)) << "it was not written";
  watch.written();
  EXPECT_FALSE(watch.sample({1000, 50}, 4));
  EXPECT_FALSE(watch.sample({1000, 105}, 5)) << "to and fro at the limit";
  const auto well = watch.sample({1000, 110}, 6);
  ASSERT_TRUE(well);
  EXPECT_EQ(well->action, "stele.disk.roomy");
  watch.written();
  EXPECT_FALSE(watch.sample({1000, 110}, 7));
  EXPECT_TRUE(watch.sample({1000, 0}, 8));
  EXPECT_FALSE(watch.sample({0, 0}, 9)) << "a file system without a size says nothing";
}

}  // namespace
}  // namespace stele::notify
