// Published checkpoints: bytes as docs/formats/checkpoints.md has them, and every damage told.
#include "log/checkpoints.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <array>
#include <optional>

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

Result<CheckpointEnd> end_of(const std::string& content) {
  SimFileSystem fs(1);
  EXPECT_TRUE(io::write_file(fs, "checkpoints", content, 0600).ok());
  return read_checkpoint_end(fs, "checkpoints");
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
TEST(CheckpointEnd, of_no_file_is_empty) {
  SimFileSystem fs(1);
  const auto end = read_checkpoint_end(fs, "checkpoints");
  ASSERT_TRUE(end.ok());
  EXPECT_TRUE(end->records == 0 && !end->last);
  EXPECT_EQ(end_of("")->records, 0U);
}

// Goal: only what a crash can do to the last append is passed over; damage to one that was published is refused.
TEST(CheckpointEnd, tells_a_torn_end_from_damage) {
  const std::string three = records(3);
  const auto damage = [&](std::size_t n) {
    std::string content = three;
    content[n * kRecord + 50] = static_cast<char>(content[n * kRecord + 50] ^ 1);
    return content;
  };
  const std::string zeros(kRecord, '\0');
  const std::string part = record_of(9).substr(0, 70);
  struct Case {
    std::string_view what;
    std::string content;
    std::optional<std::uint64_t> records;  // none: refused
  };
  const Case cases[] = {
      {"whole", three, 3},
      {"a part at the end", three + part, 3},
      {"zeros at the end", three + zeros, 3},
      {"the last one damaged", damage(2), 2},
      {"only one, damaged", zeros, 0},
      {"only a part", part, 0},
      // The last whole one was synced before the part behind it was begun.
      {"the last whole one damaged before a part", damage(2) + part, std::nullopt},
      {"two at the end damaged", three + zeros + zeros, std::nullopt},
  };
  for (const Case& c : cases) {
    const auto end = end_of(c.content);
    ASSERT_EQ(end.ok(), c.records.has_value()) << c.what;
    if (!end) {
      EXPECT_EQ(end.error().code, Code::kCorrupt) << c.what;
      continue;
    }
    EXPECT_EQ(end->records, *c.records) << c.what;
    ASSERT_EQ(end->last.has_value(), *c.records > 0) << c.what;
    if (end->last) EXPECT_EQ(end->last->root, numbered(static_cast<std::uint8_t>(*c.records - 1)).root) << c.what;
  }
}

// Goal: every published size is found and no other, and damaged records hide none but themselves.
TEST(CheckpointFile, finds_what_was_published) {
  SimFileSystem fs(1);
  auto file = CheckpointFile::open(fs, "checkpoints", {});
  ASSERT_TRUE(file.ok());
  for (std::uint64_t count = 0; count <= 40; ++count) {
    for (std::uint64_t size = 0; size <= 3 * count + 3; ++size) {
      const auto found = (*file)->find(size);
      ASSERT_TRUE(found.ok());
      ASSERT_EQ(found->has_value(), size % 3 == 1 && size < 3 * count) << size << " of " << count;
      if (*found) EXPECT_EQ((*found)->size, size);
    }
    ASSERT_TRUE((*file)->append({3 * count + 1, {}, {}, 0}).ok());
  }
  auto raw = fs.open_write("checkpoints", 0600);
  const std::array<std::byte, 1> wrong{std::byte{0xFF}};
  const std::array<ByteSpan, 1> parts{ByteSpan(wrong)};
  const auto is_damaged = [](std::uint64_t n) { return n == 0 || n == 19 || n == 20 || n == 40; };
  for (std::uint64_t n = 0; n <= 40; ++n) {
    if (is_damaged(n)) ASSERT_TRUE((*raw)->write_at(n * kRecord + 30, parts).ok());
  }
  for (std::uint64_t n = 0; n <= 40; ++n) {
    const auto found = (*file)->find(3 * n + 1);
    ASSERT_TRUE(found.ok()) << n;
    EXPECT_EQ(found->has_value(), !is_damaged(n)) << n;
  }
}

// Goal: what append said is durable is there after a power cut, and a torn last append is made good by the next one.
TEST(CheckpointFile, keeps_what_it_appended_through_power_cuts) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimFileSystem fs({.seed = seed, .reorder_names = true, .stale_garbage = true});
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 4; ++life) {
      const auto before = read_checkpoint_end(fs, "checkpoints");
      ASSERT_TRUE(before.ok()) << fs.describe();
      ASSERT_GE(before->records, acknowledged) << fs.describe();
      acknowledged = before->records;
      fs.fail_after(1 + seed % 11);
      if (auto file = CheckpointFile::open(fs, "checkpoints", *before)) {
        for (std::uint64_t n = 0; n < acknowledged; ++n) {
          const auto found = (*file)->find(numbered(static_cast<std::uint8_t>(n)).size);
          ASSERT_TRUE(found && *found) << fs.describe();
        }
        while ((*file)->append(numbered(static_cast<std::uint8_t>(acknowledged))).ok()) ++acknowledged;
      }
      fs.reboot();
    }
  }
}

}  // namespace
}  // namespace stele::log
