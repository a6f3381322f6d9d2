// Sealing and merging: what is held in memory stays bounded however long the entries are, and damage that sealing meets, or
// can do without, does not stop the log.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "crash/promises.h"
#include "crash/test_log.h"
#include "crash/workload.h"
#include "crypto/sha256.h"
#include "log/tree_files.h"
#include "merkle/tree.h"
#include "support/sim_fs.h"

namespace stele::testing {
namespace {

const std::string kDir = "log";
constexpr std::uint64_t kTile = log::kSegmentEntriesMax;

class Sealing : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto identity = create_test_log(fs_, kDir, 1);
    ASSERT_TRUE(identity.ok());
    promises_ = std::make_unique<Promises>(identity->key);
    open();
  }

  void open() {
    store_.reset();
    auto opened = open_test_log(fs_, kDir, options_, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }

  void commit(Group group) {
    ASSERT_TRUE(store_->commit(group.batches).ok());
    promises_->acknowledge(group.bundle, group.received, group.deliveries);
  }
  void commit_bulk(std::uint64_t count) { commit(workload_.bulk(promises_->size(), clock_.now(), count, 7)); }

  // Seals until nothing is left to do.
  void seal() {
    for (;;) {
      const auto more = store_->seal();
      ASSERT_TRUE(more.ok()) << more.error().message;
      if (!*more) return;
    }
  }

  // Flips a bit of the file, at `at` from its start.
  void flip(const std::string& path, std::uint64_t at) {
    auto file = fs_.open_write(path, 0600);
    ASSERT_TRUE(file.ok());
    std::array<std::byte, 1> byte{};
    ASSERT_TRUE(io::read_exactly(**file, at, byte, path).ok());
    byte[0] ^= std::byte{4};
    const std::array<ByteSpan, 1> part{ByteSpan(byte)};
    ASSERT_TRUE((*file)->write_at(at, part).ok());
  }

  [[nodiscard]] std::vector<std::string> segments() {
    auto names = fs_.list(kDir + "/segments");
    return names.ok() ? *names : std::vector<std::string>();
  }

  // The damage that the log met.
  [[nodiscard]] std::string told() {
    std::string out;
    for (const std::string& sentence : store_->damage().sentences) out += sentence + "\n";
    return out;
  }

  void expect_all_served() {
    for (std::uint64_t at = 0; at < promises_->size(); at += 512) {
      const std::uint64_t count = std::min<std::uint64_t>(512, promises_->size() - at);
      const auto bytes = store_->read(at, count);
      ASSERT_TRUE(bytes.ok()) << bytes.error().message;
      ASSERT_EQ(*bytes, promises_->bytes(at, count));
    }
  }

  SimFileSystem fs_{3};
  HandClock clock_;
  Workload workload_{5};
  log::StoreOptions options_ = small_options();
  std::unique_ptr<Promises> promises_;
  std::unique_ptr<log::Store> store_;
};

// Goal: a segment holds at most so many bytes, though many more wait; with less than a bundle nothing is behind.
TEST_F(Sealing, takes_no_more_at_once_than_it_may) {
  options_.segment_bytes_max = 100'000;
  options_.unsealed_bytes_max = 300'000;
  open();
  commit_bulk(200);
  EXPECT_FALSE(store_->sealing_is_behind());
  while (!store_->sealing_is_behind()) commit_bulk(250);
  const std::uint64_t size = store_->size();
  EXPECT_LT(size, 4 * kTile) << "bytes were to be too many, not entries";
  seal();
  EXPECT_FALSE(store_->sealing_is_behind());
  ASSERT_GT(store_->sealed_size(), size - 256 - 250);
  for (const std::string& name : segments()) {
    const auto segment = log::parse_segment_name(name);
    ASSERT_TRUE(segment.has_value());
    EXPECT_TRUE(promises_->bytes(segment->first_index, segment->count).size() <= options_.segment_bytes_max ||
                segment->count == log::kBundleEntries)
        << name;
  }
  open();
  expect_all_served();
}

// Goal: where a single bundle is more than a segment should have, and more than may wait, the log goes on all the same.
TEST_F(Sealing, seals_bundles_longer_than_every_bound) {
  options_.seal_bytes = 1'000;
  options_.segment_bytes_max = 1'000;
  options_.unsealed_bytes_max = 2'000;
  options_.merge_bytes_max = 3'000;
  open();
  commit_bulk(1'000);
  EXPECT_TRUE(store_->sealing_is_behind());
  seal();
  EXPECT_EQ(store_->sealed_size(), 768U);
  EXPECT_FALSE(store_->sealing_is_behind());
  expect_all_served();
}

// Goal: a whole tile is put together when it fits in memory, and left in its segments when it does not.
TEST_F(Sealing, merges_what_fits_in_memory) {
  options_.merge_bytes_max = 1'000'000;
  open();
  while (promises_->size() < kTile + 300) {
    commit_bulk(2'000);
    seal();
  }
  EXPECT_GT(segments().size(), 10U);
  const std::string first = segments().front();
  options_.merge_bytes_max = 1U << 30;
  open();
  seal();
  EXPECT_EQ(segments().front(), log::segment_name(0, kTile));
  EXPECT_NE(segments().front(), first);
  expect_all_served();
}

// Goal: damage in a segment that is to be merged stays where it is, is told, and stops nothing.
TEST_F(Sealing, leaves_a_damaged_segment_as_it_is) {
  while (promises_->size() < kTile - 2'000) {
    commit_bulk(2'000);
    seal();
  }
  const std::vector<std::string> before = segments();
  const std::string path = kDir + "/segments/" + before.at(before.size() / 2);
  flip(path, 5'000);
  const std::string damaged = io::read_file(fs_, path, 1U << 30).value();
  EXPECT_EQ(store_->damage().count, 0U);
  while (promises_->size() < kTile + 5'000) {
    commit_bulk(2'000);
    seal();
  }
  EXPECT_GT(store_->sealed_size(), kTile);
  ASSERT_EQ(store_->damage().count, 1U);
  EXPECT_NE(told().find("from entry 0 on stay apart"), std::string::npos) << told();
  EXPECT_EQ(io::read_file(fs_, path, 1U << 30).value(), damaged);
  EXPECT_FALSE(io::read_file(fs_, kDir + "/segments/" + log::segment_name(0, kTile), 1U << 30).ok());
}

// Goal: a hash that is damaged in one copy is served from the other, at every level, is told, and the file stays as it is; once
// the file is taken away, it is made again.
TEST_F(Sealing, goes_on_with_the_right_copy_of_a_hash) {
  while (promises_->size() < kTile + 1'000) commit_bulk(4'000);
  clock_.advance(60 * kSecond);
  seal();
  const auto hash_file = [](unsigned level, bool copy) { return kDir + "/tree/" + log::tree_file_name(level, copy); };
  const std::string right = io::read_file(fs_, hash_file(1, true), 1U << 20).value();
  const auto tile = [&](unsigned level, std::uint64_t number) {
    return store_->tile({false, level, 0, static_cast<unsigned>(number)});
  };
  const std::string level_one = tile(1, 256).value();
  const std::string level_two = tile(2, 1).value();
  for (const unsigned level : {1U, 2U}) {
    for (const bool copy : {false, true}) {
      const std::string path = hash_file(level, copy);
      flip(path, 3);
      open();
      const auto one = tile(1, 256);
      const auto two = tile(2, 1);
      ASSERT_TRUE(one.ok() && two.ok()) << path;
      EXPECT_EQ(*one, level_one);
      EXPECT_EQ(*two, level_two);
      EXPECT_GT(store_->damage().count, 0U) << path;
      EXPECT_NE(told().find(path), std::string::npos) << told();
      commit_bulk(600);
      clock_.advance(60 * kSecond);
      seal();
      open();
      ASSERT_TRUE(tile(1, 256).ok() && tile(2, 1).ok());
      EXPECT_GT(store_->damage().count, 0U) << path << " was healed in silence";
      store_.reset();
      ASSERT_TRUE(fs_.remove(path).ok());
      open();
      ASSERT_TRUE(tile(1, 256).ok() && tile(2, 1).ok());
      EXPECT_EQ(store_->damage().count, 0U) << told();
      EXPECT_TRUE(io::read_file(fs_, path, 1U << 20).ok());
    }
  }
  EXPECT_TRUE(io::read_file(fs_, hash_file(1, true), 1U << 20).value().starts_with(right));
  // Neither is right, and both are the same: then what lies below is used.
  for (const bool same : {false, true}) {
    flip(hash_file(1, false), 64);
    flip(hash_file(1, true), same ? 64 : 65);
    open();
    ASSERT_TRUE(tile(1, 256).ok());
    EXPECT_EQ(*tile(1, 256), level_one);
    EXPECT_NE(told().find("both damaged"), std::string::npos) << told();
    const auto state = store_->latest();
    for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{600}, state->size - 1}) {
      const auto bytes = store_->read(index, 1);
      ASSERT_TRUE(bytes.ok());
      const auto proof = store_->prove(index, *state);
      ASSERT_TRUE(proof.ok()) << proof.error().message;
      EXPECT_TRUE(
          merkle::verify_inclusion(index, crypto::hash_leaf(as_byte_span(*bytes).subspan(2)), state->size, *proof, state->root)
              .ok());
    }
    flip(hash_file(1, false), 64);
    flip(hash_file(1, true), same ? 64 : 65);
  }
}

// Goal: no second root is ever signed for a size, whatever becomes of the stored bytes: the random digits of ids are under no
// checksum that a single read looks at.
TEST_F(Sealing, signs_no_second_root_for_a_published_size) {
  commit_bulk(100);
  ASSERT_TRUE(store_->publish().ok());
  const std::string note = store_->published()->note;
  commit_bulk(500);
  ASSERT_TRUE(store_->publish().ok());
  clock_.advance(60 * kSecond);
  seal();
  ASSERT_EQ(store_->sealed_size(), 512U);
  const auto again = store_->signed_state(100);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ((*again)->note, note);
  constexpr std::uint64_t kHeadsAt = 64 + 2;  // behind the header, without a dictionary
  flip(kDir + "/segments/" + segments().front(), kHeadsAt);
  open();
  EXPECT_TRUE(store_->read(0, 1).ok()) << "the damage is one that a read does not see";
  EXPECT_EQ(store_->damage().count, 0U);
  EXPECT_EQ(store_->signed_state(100).error().code, Code::kCorrupt);
  EXPECT_EQ(store_->prove(3, *store_->latest()).error().code, Code::kCorrupt) << "nor is a proof made of it";
  EXPECT_NE(told().find("not those that were sealed"), std::string::npos) << told();
}

}  // namespace
}  // namespace stele::testing
