// Keyrings: made, opened, closed under another master key, mended, refused.
#include "keyring/keyring.h"

#include <gtest/gtest.h>

#include "support/fixed.h"
#include "support/sim_fs.h"
#include "support/test_ring.h"

namespace stele::keyring {
namespace {

using testing::test_master;

class KeyringFiles : public ::testing::Test {
 protected:
  Result<OpenedKeyring> open(const MasterKeys& masters) { return open_keyring(fs_, "log", masters, clock_, random_); }
  OpenedKeyring open_well(const MasterKeys& masters) {
    auto opened = open(masters);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  std::string text(const std::string& path) { return io::read_file(fs_, path, 1U << 20).value(); }
  void write(const std::string& path, const std::string& text) { ASSERT_TRUE(io::write_file(fs_, path, text, 0600)); }

  testing::SimFileSystem fs_{1};
  testing::HandClock clock_;
  testing::SeededRandom random_{1};
};

const std::string kMain = keyring_path("log");
const std::string kCopy = keyring_copy_path("log");

// Goal: made once, there twice, and opened the same ever after; without a master key there is none and none is made.
TEST_F(KeyringFiles, are_made_once) {
  EXPECT_EQ(open_well({}).ring, nullptr);
  EXPECT_FALSE(fs_.exists(kMain));
  const auto made = open_well({test_master()});
  EXPECT_TRUE(made.is_new);
  EXPECT_EQ(text(kMain), text(kCopy));
  const std::string before = text(kMain);
  const auto again = open_well({test_master()});
  EXPECT_FALSE(again.is_new || again.is_changed);
  EXPECT_EQ(again.ring->current(), made.ring->current());
  EXPECT_EQ(text(kMain), before);
  EXPECT_EQ(open({}).error().code, Code::kDenied);
  EXPECT_EQ(open({test_master(9)}).error().code, Code::kDenied);
}

// Goal: with another master key in front the ring is closed under it, with a new data key; what the old one had encrypted still
// opens, and the old master key alone opens nothing.
TEST_F(KeyringFiles, are_closed_under_another_master_key) {
  const auto before = open_well({test_master(1)});
  const auto after = open_well({test_master(2), test_master(1)});
  EXPECT_TRUE(after.is_changed);
  EXPECT_EQ(after.ring->keys().size(), 2U);
  EXPECT_NE(after.ring->current(), before.ring->current());
  EXPECT_EQ(after.ring->derive(before.ring->current(), {}, "x").value(),
            before.ring->derive(before.ring->current(), {}, "x").value());
  EXPECT_EQ(open({test_master(1)}).error().code, Code::kDenied);
  EXPECT_FALSE(open_well({test_master(2)}).is_changed);
}

// Goal: whichever of the two files is lost or damaged, anywhere in it, the other gives the ring, and it is mended; with both
// damaged nothing opens and nothing is made in their place.
TEST_F(KeyringFiles, mend_each_other) {
  const auto made = open_well({test_master()});
  const std::string whole = text(kMain);
  for (const std::string& path : {kMain, kCopy}) {
    ASSERT_TRUE(fs_.remove(path));
    EXPECT_EQ(open_well({test_master()}).ring->current(), made.ring->current());
    for (std::size_t at = 0; at < whole.size(); at += 7) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 4);
      write(path, changed);
      EXPECT_EQ(open_well({test_master()}).ring->current(), made.ring->current()) << at;
      // What says to be of a newer program, or under another key, is no damage, and is left.
      const auto seen = parse_keyring(changed, {test_master()});
      if (!seen && seen.error().code != Code::kCorrupt)
        EXPECT_EQ(text(path), changed) << at;
      else
        EXPECT_EQ(text(kMain), text(kCopy)) << at;
      write(kMain, whole);
      write(kCopy, whole);
    }
  }
  write(kMain, "{}");
  write(kCopy, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(open({test_master()}).error().code, Code::kCorrupt);
  EXPECT_EQ(text(kMain), "{}");
}

// Goal: a key that stands in one of the two files alone, as after an older one was restored, is kept in both.
TEST_F(KeyringFiles, keep_the_keys_of_both) {
  open_well({test_master(1)});
  const std::string older = text(kMain);
  const auto newer = open_well({test_master(2), test_master(1)});
  write(kMain, older);
  const auto opened = open_well({test_master(2), test_master(1)});
  EXPECT_TRUE(opened.ring->derive(newer.ring->current(), {}, "x"));
  EXPECT_EQ(read_keyring(fs_, "log", {test_master(2)}).value()->keys().size(), opened.ring->keys().size());
  EXPECT_EQ(text(kMain), text(kCopy));
}

// Goal: after a crash at any operation of making a ring, or of closing it anew, it opens with the keys that are given, and a key
// that was there before still is.
TEST_F(KeyringFiles, open_after_a_crash_at_any_operation) {
  for (std::uint64_t n = 1; n < 60; ++n) {
    testing::SimFileSystem fs(n);
    ASSERT_TRUE(open_keyring(fs, "log", {test_master(1)}, clock_, random_));
    const auto first = read_keyring(fs, "log", {test_master(1)}).value()->current();
    fs.fail_after(n, n % 2 == 0 ? testing::CrashKind::kPower : testing::CrashKind::kKill);
    (void)open_keyring(fs, "log", {test_master(2), test_master(1)}, clock_, random_);
    if (fs.crashed()) fs.reboot();
    const auto opened = open_keyring(fs, "log", {test_master(2), test_master(1)}, clock_, random_);
    ASSERT_TRUE(opened) << n << ": " << opened.error().message << fs.describe();
    EXPECT_TRUE(opened->ring->derive(first, {}, "x")) << n;
    EXPECT_EQ(opened->ring->master(), test_master(2).id());
  }
}

// Goal: keys of files differ by data key, salt and purpose, and one that the ring does not have is said, not guessed.
TEST(Keyring, derives_a_key_for_each_salt_and_purpose) {
  const auto ring = testing::test_ring();
  const KeyId first = id_of(ring->keys().front().key);
  const auto key = [&](const KeyId& id, std::string_view salt, std::string_view purpose) {
    return ring->derive(id, as_byte_span(salt), purpose).value();
  };
  EXPECT_EQ(key(first, "a", "p"), key(first, "a", "p"));
  EXPECT_NE(key(first, "a", "p"), key(first, "b", "p"));
  EXPECT_NE(key(first, "a", "p"), key(first, "a", "q"));
  EXPECT_NE(key(first, "a", "p"), key(ring->current(), "a", "p"));
  EXPECT_EQ(ring->derive(KeyId{1}, {}, "p").error().code, Code::kDenied);
}

}  // namespace
}  // namespace stele::keyring
