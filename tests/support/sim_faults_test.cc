// Failures without a crash: syncs that lose data for good, full disks, broken reads, flipped bits.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "support/sim_fs.h"
#include "support/sim_test.h"

namespace stele::testing {
namespace {

// Goal: after a failed sync, reads see the new bytes, a new handle syncs with success, and the disk never gets them.
TEST(SimFailedSync, loses_what_was_pending_for_good) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("ab"));
    EXPECT_TRUE(put(*file, 0, sectors("AB")).ok());
    fs.fail(Op::kSync, 1);
    EXPECT_EQ(file->sync().error().code, Code::kIo);
    EXPECT_FALSE(file->sync().ok()) << "the handle is poisoned";
    EXPECT_FALSE(put(*file, 0, "x").ok());
    const auto again = open(fs, "journal");
    EXPECT_EQ(letters(slurp(fs, "journal")), "AB");
    EXPECT_TRUE(again->sync().ok());
    fs.crash(CrashKind::kKill);
    EXPECT_EQ(letters(slurp(fs, "journal")), "AB");
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(seen), (Set{"ab", "aB", "Ab"}));
}

// Goal: only what is written again after the failure becomes durable; evicting the clean pages shows the disk's bytes.
TEST(SimFailedSync, is_healed_by_writing_again_only) {
  const auto run = [](bool rewrite) {
    return over_seeds([rewrite](SimFileSystem& fs) {
      const auto file = durable(fs, "journal", sectors("a"));
      EXPECT_TRUE(put(*file, 0, sectors("A")).ok());
      fs.fail(Op::kSync, 1);
      EXPECT_FALSE(file->sync().ok());
      const auto again = open(fs, "journal");
      EXPECT_TRUE(!rewrite || put(*again, 0, sectors("A")).ok());
      again->forget_cached();
      const std::string cached = letters(slurp(fs, "journal"));
      EXPECT_TRUE(again->sync().ok());
      fs.crash(CrashKind::kPower);
      return cached + letters(slurp(fs, "journal"));
    });
  };
  EXPECT_EQ(keys(run(true)), Set{"AA"});
  EXPECT_EQ(keys(run(false)), Set{"aa"});
}

// Goal: an extension that a failed sync lost may leave the old size, or the new one without its data.
TEST(SimFailedSync, may_lose_the_size) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("a"));
    EXPECT_TRUE(put(*file, kSector, sectors("b")).ok());
    fs.fail(Op::kSync, 1);
    EXPECT_FALSE(file->sync().ok());
    EXPECT_TRUE(open(fs, "journal")->sync().ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(seen), (Set{"a", "a0"}));
}

// Goal: what is written again behind a size that a failed sync lost can be read after the next sync: it brings the size.
TEST(SimFailedSync, gives_the_size_back_to_what_is_written_again) {
  const auto seen = over_seeds([](SimFileSystem& fs) {
    const auto file = durable(fs, "journal", sectors("a"));
    EXPECT_TRUE(put(*file, kSector, sectors("bc")).ok());
    fs.fail(Op::kSync, 1);
    EXPECT_FALSE(file->sync().ok());
    const auto again = open(fs, "journal");
    EXPECT_TRUE(put(*again, kSector, sectors("b")).ok() && again->sync().ok());
    fs.crash(CrashKind::kPower);
    return letters(slurp(fs, "journal"));
  });
  EXPECT_EQ(keys(seen), (Set{"ab", "ab0", "abc"}));
}

// Goal: a write that finds no space leaves a first part of itself and poisons the handle; no other file suffers.
TEST(SimFaults, write_fails_short) {
  std::set<std::size_t> lengths;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimFileSystem fs(seed);
    const auto file = open(fs, "journal");
    fs.fail(Op::kWrite, 2);
    EXPECT_TRUE(put(*file, 0, "head").ok());
    EXPECT_EQ(put(*file, 4, "tail").error().code, Code::kIo);
    EXPECT_FALSE(put(*file, 4, "tail").ok());
    const std::string left = slurp(fs, "journal");
    EXPECT_EQ(left, std::string("headtail").substr(0, left.size()));
    lengths.insert(left.size());
    EXPECT_TRUE(put(*open(fs, "journal"), 4, "tail").ok());
  }
  EXPECT_EQ(lengths, (std::set<std::size_t>{4, 5, 6, 7, 8}));
}

// Goal: a full disk takes what fits, still takes overwrites, and has room again after a removal.
TEST(SimFaults, capacity_is_a_byte_budget) {
  SimFileSystem fs(1);
  fs.set_capacity(10);
  EXPECT_TRUE(put(*open(fs, "a"), 0, "123456").ok());
  EXPECT_FALSE(put(*open(fs, "b"), 0, "abcdef").ok());
  EXPECT_EQ(slurp(fs, "b"), "abcd");
  EXPECT_EQ(fs.used(), 10U);
  EXPECT_TRUE(put(*open(fs, "b"), 0, "ABCD").ok());
  EXPECT_FALSE(open(fs, "b")->truncate(5).ok());
  EXPECT_TRUE(fs.remove("a").ok());
  EXPECT_TRUE(put(*open(fs, "b"), 4, "efghij").ok());
  fs.set_capacity(std::nullopt);
  EXPECT_TRUE(put(*open(fs, "b"), 0, sectors("abc")).ok());
}

// Goal: changes of names fail on demand and do nothing then.
TEST(SimFaults, names_fail_without_effect) {
  SimFileSystem fs(1);
  durable(fs, "a", "text");
  fs.fail(Op::kRename, 1);
  fs.fail(Op::kRemove, 2);
  fs.fail(Op::kCreate, 1);
  fs.fail(Op::kMakeDir, 1);
  EXPECT_EQ(fs.rename("a", "b").error().code, Code::kIo);
  EXPECT_FALSE(fs.open_write("b", 0600).ok());
  EXPECT_FALSE(fs.make_dirs("d").ok());
  fs.fail(Op::kSyncDir, 1);
  EXPECT_FALSE(fs.sync_dir(".").ok());
  EXPECT_EQ(*fs.list("."), std::vector<std::string>{"a"});
  EXPECT_TRUE(fs.rename("a", "b").ok() && fs.remove("b").ok());
  durable(fs, "c", "text");
  EXPECT_FALSE(fs.remove("c").ok());
  EXPECT_EQ(slurp(fs, "c"), "text");
}

// Goal: reads fail where and when they are told to, and are healed by writing.
TEST(SimFaults, reads_fail_and_bits_flip) {
  SimFileSystem fs(1);
  const auto file = durable(fs, "a", "abcd");
  fs.fail(Op::kRead, 2);
  EXPECT_EQ(slurp(fs, "a"), "abcd");
  EXPECT_NE(slurp(fs, "a"), "abcd");
  EXPECT_EQ(slurp(fs, "a"), "abcd");

  fs.flip_bit("a", 1, 5);
  EXPECT_EQ(slurp(fs, "a"), "aBcd");
  fs.break_reads("a", 2, 2);
  std::array<std::byte, 2> two{};
  EXPECT_TRUE(file->read_at(0, two).ok());
  EXPECT_EQ(file->read_at(1, two).error().code, Code::kIo);
  EXPECT_TRUE(put(*file, 2, "C").ok());
  EXPECT_FALSE(file->read_at(2, two).ok()) << "half of the range is not healed";
  EXPECT_TRUE(put(*file, 1, "bcd").ok());
  EXPECT_EQ(slurp(fs, "a"), "abcd");
}

// Goal: damage below the page cache shows when the cache is dropped, by hand or by a power cut, and not by a kill.
TEST(SimFaults, cache_hides_damage_until_it_is_dropped) {
  for (const bool by_crash : {false, true}) {
    SimFileSystem fs(1);
    const auto file = durable(fs, "a", "abcd");
    fs.flip_bit("a", 0, 5, SimFileSystem::Damage::kHiddenByCache);
    EXPECT_EQ(slurp(fs, "a"), "abcd");
    if (by_crash) {
      fs.crash(CrashKind::kKill);
      EXPECT_EQ(slurp(fs, "a"), "abcd");
      fs.crash(CrashKind::kPower);
    } else {
      file->forget_cached();
    }
    EXPECT_EQ(slurp(fs, "a"), "Abcd");
  }
}

}  // namespace
}  // namespace stele::testing
