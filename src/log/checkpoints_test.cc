// Published checkpoints: bytes as docs/formats/checkpoints.md has them, and every damage told.
#include "log/checkpoints.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include "support/prng.h"
#include "support/sim_fs.h"

namespace stele::log {
namespace {

using testing::Prng;
using testing::SimFileSystem;

constexpr std::size_t kRecord = kCheckpointRecordBytes;

PublishedCheckpoint numbered(std::uint8_t n) {
  PublishedCheckpoint out;
  out.size = 0x0102030405060708 + n;
  out.root.fill(static_cast<std::uint8_t>(0x11 + n));
  out.signature.fill(static_cast<std::uint8_t>(0x22 + n));
  out.published = 0x3132333435363738;
  return out;
}

std::string record_of(std::uint8_t n) {
  const CheckpointRecord record = encode_checkpoint_record(numbered(n));
  return std::string(as_text(ByteSpan(record)));
}

std::string records(std::uint8_t count) {
  std::string out;
  for (std::uint8_t n = 0; n < count; ++n) out += record_of(n);
  return out;
}

CheckpointScan scan(const std::string& content) {
  SimFileSystem fs(1);
  EXPECT_TRUE(io::write_file(fs, "checkpoints", content, 0600).ok());
  auto result = scan_checkpoints(fs, "checkpoints");
  EXPECT_TRUE(result.ok());
  return std::move(result).value();
}

// Goal: every field stands at its documented place.
TEST(CheckpointRecord, has_its_documented_bytes) {
  const CheckpointRecord record = encode_checkpoint_record(numbered(0));
  std::string expected =
      "5354454c45435031"
      "0807060504030201";
  for (int i = 0; i < 32; ++i) expected += "11";
  for (int i = 0; i < 64; ++i) expected += "22";
  expected += "3837363534333231";
  EXPECT_EQ(hex_encode(ByteSpan(record).first(120)), expected);
  EXPECT_EQ(load_le<std::uint64_t>(&record[120]), XXH3_64bits(record.data(), 120));
}

// Goal: what is encoded is decoded, whatever it holds.
TEST(CheckpointRecord, comes_back_from_its_bytes) {
  constexpr std::uint64_t kSeed = 1;
  Prng random(kSeed);
  for (int round = 0; round < 500; ++round) {
    PublishedCheckpoint checkpoint{random.next(), {}, {}, static_cast<UnixNanos>(random.next())};
    random.fill(std::as_writable_bytes(std::span(checkpoint.root)));
    random.fill(std::as_writable_bytes(std::span(checkpoint.signature)));
    const auto decoded = decode_checkpoint_record(encode_checkpoint_record(checkpoint));
    ASSERT_TRUE(decoded.ok()) << "seed " << kSeed << ", round " << round;
    EXPECT_EQ(decoded->size, checkpoint.size);
    EXPECT_EQ(decoded->root, checkpoint.root);
    EXPECT_EQ(decoded->signature, checkpoint.signature);
    EXPECT_EQ(decoded->published, checkpoint.published);
  }
}

// Goal: no bit of a record can change unnoticed.
TEST(CheckpointRecord, is_refused_after_any_single_bit_flip) {
  const CheckpointRecord record = encode_checkpoint_record(numbered(3));
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    CheckpointRecord other = record;
    other[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    const auto decoded = decode_checkpoint_record(other);
    ASSERT_FALSE(decoded.ok()) << "bit " << bit;
    EXPECT_EQ(decoded.error().code, Code::kCorrupt);
  }
  EXPECT_EQ(decode_checkpoint_record(CheckpointRecord{}).error().code, Code::kCorrupt);
}

// Goal: a log without published checkpoints has none, and no error.
TEST(CheckpointScan, of_no_file_is_empty) {
  SimFileSystem fs(1);
  const auto result = scan_checkpoints(fs, "checkpoints");
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->checkpoints.empty() && result->damaged.empty());
  EXPECT_EQ(result->torn_bytes, 0U);
  EXPECT_TRUE(scan("").checkpoints.empty());
}

// Goal: only what a crash can do to the last append is passed over; any other damage is named.
TEST(CheckpointScan, tells_a_torn_end_from_damage) {
  const std::string three = records(3);
  const auto damage = [&](std::size_t n) {
    std::string content = three;
    content[n * kRecord + 50] = static_cast<char>(content[n * kRecord + 50] ^ 1);
    return content;
  };
  const std::string zeros(kRecord, '\0');
  const std::string part = record_of(9).substr(0, 70);
  using Numbers = std::vector<std::uint64_t>;
  struct Case {
    std::string_view what;
    std::string content;
    std::size_t good;
    Numbers damaged;
    std::uint64_t torn_bytes;
  };
  const Case cases[] = {
      {"whole", three, 3, {}, 0},
      {"a part at the end", three + part, 3, {}, 70},
      {"zeros at the end", three + zeros, 3, {}, kRecord},
      {"the last one damaged", damage(2), 2, {}, kRecord},
      {"only one, damaged", zeros, 0, {}, kRecord},
      {"only a part", part, 0, {}, 70},
      {"the first one damaged", damage(0), 2, {0}, 0},
      {"one between damaged", damage(1), 2, {1}, 0},
      {"one between damaged and a part at the end", damage(1) + part, 2, {1}, 70},
      // The last whole one was synced before the part behind it was begun.
      {"the last whole one damaged before a part", damage(2) + part, 2, {2}, 70},
      {"two at the end damaged", three + zeros + zeros, 3, {3, 4}, 0},
  };
  for (const Case& c : cases) {
    const CheckpointScan result = scan(c.content);
    EXPECT_EQ(result.checkpoints.size(), c.good) << c.what;
    EXPECT_EQ(result.damaged, c.damaged) << c.what;
    EXPECT_EQ(result.torn_bytes, c.torn_bytes) << c.what;
  }
}

// Goal: whatever byte of a file is changed, the checkpoint there is not handed out.
TEST(CheckpointScan, never_hands_out_a_damaged_record) {
  const std::string three = records(3);
  for (std::size_t at = 0; at < three.size(); ++at) {
    std::string content = three;
    content[at] = static_cast<char>(content[at] ^ 0x40);
    const CheckpointScan result = scan(content);
    EXPECT_EQ(result.checkpoints.size(), 2U) << at;
    EXPECT_EQ(result.damaged.size() + result.torn_bytes / kRecord, 1U) << at;
  }
}

// Goal: what append said is durable is there after a power cut, and a torn last append is made good by the next one.
TEST(CheckpointFile, keeps_what_it_appended_through_power_cuts) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimFileSystem fs({.seed = seed, .reorder_names = true, .stale_garbage = true});
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 4; ++life) {
      const auto before = scan_checkpoints(fs, "checkpoints");
      ASSERT_TRUE(before.ok()) << fs.describe();
      ASSERT_TRUE(before->damaged.empty()) << fs.describe();
      ASSERT_GE(before->checkpoints.size(), acknowledged) << fs.describe();
      for (std::size_t i = 0; i < before->checkpoints.size(); ++i) {
        ASSERT_EQ(before->checkpoints[i].root, numbered(static_cast<std::uint8_t>(i)).root) << fs.describe();
      }
      acknowledged = before->checkpoints.size();
      fs.fail_after(1 + seed % 11);
      if (auto file = CheckpointFile::open(fs, "checkpoints", acknowledged)) {
        while ((*file)->append(numbered(static_cast<std::uint8_t>(acknowledged))).ok()) ++acknowledged;
      }
      fs.reboot();
    }
  }
}

}  // namespace
}  // namespace stele::log
