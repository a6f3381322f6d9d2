// A log's identity: created whole or not at all, and read back as it was written.
#include "log/identity.h"

#include <gtest/gtest.h>

#include "support/fixed.h"
#include "support/sim_fs.h"

namespace stele::log {
namespace {

using testing::CrashKind;
using testing::HandClock;
using testing::Prng;
using testing::SeededRandom;
using testing::SimFileSystem;

const std::string kDir = "logs/main";
const std::string kKey = "keys/main.key";

Result<Identity> create(io::FileSystem& fs, std::uint64_t seed) {
  SeededRandom random(seed);
  return create_identity(fs, fs, kDir, kKey, "log.example/audit", HandClock(), random);
}

// Goal: wherever the creation of a log is interrupted, by a kill or a power cut, the next start has a log: that one or
// a new one, with its key.
TEST(Identity, is_created_after_a_crash_at_any_operation) {
  for (const CrashKind kind : {CrashKind::kKill, CrashKind::kPower}) {
    bool crashed = true;
    for (std::uint64_t at = 1; crashed; ++at) {
      ASSERT_LT(at, 100U);
      SimFileSystem fs(at);
      fs.fail_after(at, kind);
      (void)create(fs, 1);
      crashed = fs.crashed();
      if (crashed) fs.reboot();
      fs.fail_after(0);
      const auto there = is_created(fs, kDir, kKey);
      ASSERT_TRUE(there.ok()) << there.error().message << fs.describe();
      if (!*there) {
        const auto again = create(fs, 2);
        ASSERT_TRUE(again.ok()) << again.error().message << fs.describe();
      }
      const auto identity = read_identity(fs, kDir);
      ASSERT_TRUE(identity.ok()) << identity.error().message << fs.describe();
      ASSERT_TRUE(read_signing_key(fs, kKey, *identity).ok()) << fs.describe();
    }
  }
}

// Goal: a key or any part of a log that is there is never built over.
TEST(Identity, is_not_created_over_a_key_or_a_part_of_a_log) {
  SimFileSystem fs(1);
  ASSERT_TRUE(create(fs, 1).ok());
  EXPECT_EQ(create(fs, 2).error().code, Code::kConflict);
  ASSERT_TRUE(fs.remove(identity_path(kDir)).ok());
  EXPECT_EQ(create(fs, 2).error().code, Code::kConflict);  // its key is there

  ASSERT_TRUE(fs.remove(kKey).ok());
  ASSERT_TRUE(fs.make_dirs(kDir + "/journal").ok());
  EXPECT_EQ(create(fs, 2).error().code, Code::kConflict);  // its entries may be there
}

// Goal: a log whose key is lost is still a log: it is not taken for one whose creation was interrupted.
TEST(Identity, is_there_without_its_key_once_the_log_was_opened) {
  SimFileSystem fs(1);
  ASSERT_TRUE(create(fs, 1).ok());
  ASSERT_TRUE(fs.make_dirs(kDir + "/journal").ok());
  ASSERT_TRUE(fs.remove(kKey).ok());
  const auto there = is_created(fs, kDir, kKey);
  ASSERT_TRUE(there.ok());
  EXPECT_TRUE(*there);
}

}  // namespace
}  // namespace stele::log
