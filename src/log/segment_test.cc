// Segments give back every entry, alone and in runs, and tell every damage.
#include "log/segment.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <functional>

#include "crypto/sha256.h"
#include "merkle/tree.h"
#include "support/entries.h"
#include "support/sim_fs.h"

namespace stele::log {
namespace {

using testing::bundle_of;
using testing::Prng;
using testing::SimFileSystem;
using testing::views_of;

constexpr LogId kLogId{1, 2, 3};
constexpr std::size_t kTrailer = 128;
const std::string kPath = "segment";

Hash bundle_root(const std::vector<std::string>& entries, std::size_t bundle) {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < kBundleEntries; ++i)
    leaves.push_back(crypto::hash_leaf(as_byte_span(entries[bundle * kBundleEntries + i])));
  return merkle::root_of(leaves);
}

std::vector<Hash> bundle_roots(const std::vector<std::string>& entries) {
  std::vector<Hash> out;
  for (std::size_t bundle = 0; bundle < entries.size() / kBundleEntries; ++bundle) out.push_back(bundle_root(entries, bundle));
  return out;
}

SegmentInfo info_of(std::uint64_t first_index, const std::vector<std::string>& entries) {
  SegmentInfo info;
  info.first_index = first_index;
  info.count = static_cast<std::uint32_t>(entries.size());
  info.commit = 77;
  info.commit_digest.fill(0x5a);
  info.received_last = 1'700'000'000'000'000'000;
  return info;
}

std::string encode(SegmentWriter& writer, std::uint64_t first_index, const std::vector<std::string>& entries) {
  return writer.encode(info_of(first_index, entries), views_of(entries), bundle_roots(entries));
}

std::string small_segment(std::vector<std::string>* entries = nullptr) {
  constexpr std::uint64_t kSeed = 1;
  Prng random(kSeed);
  const auto made = testing::random_entries(random, 256, 0, 8);
  if (entries != nullptr) *entries = made;
  SegmentWriter writer(kLogId);
  return encode(writer, 512, made);
}

// A file system that holds one segment.
class Disk {
 public:
  explicit Disk(const std::string& file) { put(file); }

  void put(const std::string& file) {
    ASSERT_TRUE(io::write_file(fs_, kPath, file, 0600).ok());
    file_ = fs_.open_write(kPath, 0600).value();
  }
  void put_byte(std::uint64_t at, char byte) {
    const std::array<ByteSpan, 1> part{as_byte_span(std::string_view(&byte, 1))};
    ASSERT_TRUE(file_->write_at(at, part).ok());
  }
  Result<std::unique_ptr<SegmentReader>> open(const LogId& log_id = kLogId) { return SegmentReader::open(fs_, kPath, log_id); }

 private:
  SimFileSystem fs_{1};
  std::unique_ptr<io::File> file_;
};

std::unique_ptr<SegmentReader> open(Disk& disk) {
  auto segment = disk.open();
  EXPECT_TRUE(segment.ok()) << segment.error().message;
  return segment ? std::move(segment).value() : nullptr;
}

// Makes both checksums right again: what a hostile writer would do, not what a disk damages.
std::string resealed(std::string file) {
  const std::size_t trailer_at = file.size() - kTrailer;
  const std::size_t dictionary = load_le<std::uint32_t>(&file[48]);
  const std::size_t footer_at = load_le<std::uint64_t>(&file[trailer_at]);
  if (footer_at <= trailer_at && dictionary <= file.size()) {
    const std::string_view view(file);
    const std::string index = file.substr(0, 64 + dictionary) + std::string(view.substr(footer_at, trailer_at - footer_at)) +
                              file.substr(trailer_at, 104);
    store_le<std::uint64_t>(&file[trailer_at + 104], XXH3_64bits(index.data(), index.size()));
  }
  store_le<std::uint64_t>(&file[trailer_at + 112], XXH3_64bits(file.data(), trailer_at + 112));
  return file;
}

// Goal: entries come back whole, one by one, and in every kind of run, with or without a dictionary.
TEST(Segment, gives_back_every_entry) {
  struct {
    std::uint32_t count;
    std::size_t text_max;
    std::uint64_t odd_of;
  } const shapes[] = {{256, 1, 0}, {256, 400, 3}, {512, 2000, 50}, {4096, 1500, 0}, {4096, 1500, 100}};
  std::uint64_t seed = 0;
  SegmentWriter writer(kLogId);  // goes on with its dictionary from one to the next
  for (const auto& [count, text_max, odd_of] : shapes) {
    SCOPED_TRACE("seed " + std::to_string(++seed));
    Prng random(seed);
    const auto entries = testing::random_entries(random, count, odd_of, text_max);
    const std::uint64_t first = random.below(1000) * kSegmentEntriesMax + 256 * random.below(8);
    Disk disk(encode(writer, first, entries));
    const auto segment = open(disk);
    ASSERT_NE(segment, nullptr);
    EXPECT_EQ(segment->info().first_index, first);
    EXPECT_EQ(segment->info().count, count);
    EXPECT_EQ(segment->info().commit, 77U);
    EXPECT_EQ(segment->info().commit_digest, info_of(first, entries).commit_digest);
    EXPECT_EQ(segment->info().received_last, 1'700'000'000'000'000'000);
    EXPECT_EQ(std::vector<Hash>(segment->bundle_roots().begin(), segment->bundle_roots().end()), bundle_roots(entries));
    EXPECT_TRUE(segment->check_bytes().ok());
    EXPECT_EQ(segment->read(first, count).value(), bundle_of(entries));
    for (int round = 0; round < 60; ++round) {
      const std::uint64_t from = random.below(count);
      const std::uint64_t take = round % 2 == 0 ? 1 : 1 + random.below(std::min<std::uint64_t>(count - from, 100));
      const auto expected = bundle_of(
          {entries.begin() + static_cast<std::ptrdiff_t>(from), entries.begin() + static_cast<std::ptrdiff_t>(from + take)});
      ASSERT_EQ(segment->read(first + from, take).value(), expected) << from << " +" << take;
    }
  }
}

// Goal: text that no dictionary can be trained on, and text that is all the same, are kept all the same.
TEST(Segment, holds_noise_and_repetition) {
  constexpr std::uint64_t kSeed = 3;
  Prng random(kSeed);
  std::vector<std::string> noise;
  for (int i = 0; i < 256; ++i) noise.push_back(testing::random_text(random, 5000 + random.below(2000)));
  for (const auto& entries :
       {noise, std::vector<std::string>(256, std::string(65'535, 'x')), std::vector<std::string>(512, "")}) {
    SegmentWriter writer(kLogId);
    Disk disk(encode(writer, 0, entries));
    const auto segment = open(disk);
    ASSERT_NE(segment, nullptr);
    EXPECT_EQ(segment->read(0, entries.size()).value(), bundle_of(entries)) << "seed " << kSeed;
    EXPECT_EQ(segment->read(entries.size() - 1, 1).value(), bundle_of({entries.back()}));
  }
}

// Goal: the largest segment, a whole level-1 tile, is one file that reads like a small one.
TEST(Segment, holds_a_whole_tile) {
  constexpr std::uint64_t kSeed = 5;
  Prng random(kSeed);
  const auto entries = testing::random_entries(random, kSegmentEntriesMax, 0, 20);
  SegmentWriter writer(kLogId);
  Disk disk(writer.encode(info_of(kSegmentEntriesMax * 3, entries), views_of(entries), std::vector<Hash>(256)));
  const auto segment = open(disk);
  ASSERT_NE(segment, nullptr);
  EXPECT_EQ(segment->read(kSegmentEntriesMax * 3, kSegmentEntriesMax).value(), bundle_of(entries));
  EXPECT_EQ(segment->read(kSegmentEntriesMax * 4 - 1, 1).value(), bundle_of({entries.back()}));
}

// Goal: whichever byte of a file is changed, opening it or checking its bytes says so; and entries that are read wrongly
// for all that do not lead to their bundle's root.
TEST(Segment, tells_every_changed_byte) {
  std::vector<std::string> entries;
  const std::string file = small_segment(&entries);
  Disk disk(file);
  std::size_t wrong = 0;
  for (std::size_t at = 0; at < file.size(); ++at) {
    disk.put_byte(at, static_cast<char>(file[at] ^ 1 << at % 8));
    if (const auto segment = disk.open()) {
      EXPECT_EQ((*segment)->check_bytes().error().code, Code::kCorrupt) << "byte " << at;
      const auto read = (*segment)->read(512, 256);
      if (read && *read != bundle_of(entries)) {
        ++wrong;
        std::vector<Hash> leaves;
        std::string_view rest(*read);
        while (!rest.empty()) {
          const std::size_t size = load_be16(rest.data());
          leaves.push_back(crypto::hash_leaf(as_byte_span(rest.substr(2, size))));
          rest.remove_prefix(2 + size);
        }
        EXPECT_NE(merkle::root_of(leaves), (*segment)->bundle_roots()[0]) << "byte " << at;
      }
    }
    disk.put_byte(at, file[at]);
  }
  EXPECT_EQ(wrong, 2560U) << "the heads, and nothing else, have no checksum of their own";
  EXPECT_TRUE(open(disk)->check_bytes().ok());
}

// Goal: the same for a large file with a dictionary, at sampled places.
TEST(Segment, tells_changed_bytes_of_a_large_file) {
  constexpr std::uint64_t kSeed = 8;
  Prng random(kSeed);
  const auto entries = testing::random_entries(random, 4096, 0, 1000);
  SegmentWriter writer(kLogId);
  const std::string file = encode(writer, 0, entries);
  ASSERT_GT(load_le<std::uint32_t>(&file[48]), 0U) << "no dictionary";
  Disk disk(file);
  for (int round = 0; round < 400; ++round) {
    const std::size_t at = round % 4 == 0 ? random.below(70'000) : random.below(file.size());
    disk.put_byte(at, static_cast<char>(file[at] ^ 1 << random.below(8)));
    if (const auto segment = disk.open()) {
      EXPECT_EQ((*segment)->check_bytes().error().code, Code::kCorrupt) << "byte " << at << ", seed " << kSeed;
    }
    disk.put_byte(at, file[at]);
  }
}

// Goal: a file that is cut, or longer, does not open.
TEST(Segment, does_not_open_at_another_length) {
  const std::string file = small_segment();
  Disk disk(file);
  for (std::size_t size = 0; size < file.size(); size += size < 300 || size + 300 > file.size() ? 1U : 37U) {
    disk.put(file.substr(0, size));
    const auto segment = disk.open();
    ASSERT_FALSE(segment.ok()) << size;
    EXPECT_EQ(segment.error().code, Code::kCorrupt) << size;
  }
  for (const std::string& more : {file + "x", file + file, "x" + file}) {
    disk.put(more);
    EXPECT_EQ(disk.open().error().code, Code::kCorrupt);
  }
}

// Goal: another log's segment is refused, a newer one is named as newer, an absent one is not there.
TEST(Segment, of_another_log_or_version_is_refused) {
  std::string file = small_segment();
  Disk disk(file);
  EXPECT_EQ(disk.open(LogId{}).error().code, Code::kCorrupt);
  EXPECT_TRUE(disk.open(kLogId).ok());
  store_le<std::uint16_t>(&file[8], 2);
  disk.put(resealed(file));
  const auto newer = disk.open();
  EXPECT_EQ(newer.error().code, Code::kInvalid);
  EXPECT_NE(newer.error().message.find("version 2"), std::string::npos);
  SimFileSystem empty(1);
  EXPECT_EQ(SegmentReader::open(empty, kPath, kLogId).error().code, Code::kNotFound);
}

// Goal: fields that contradict each other are refused even under right checksums: a hostile file reads no foreign memory.
TEST(Segment, refuses_contradictions_under_right_checksums) {
  const std::string file = small_segment();
  const std::size_t trailer_at = file.size() - kTrailer;
  const std::size_t footer_at = load_le<std::uint64_t>(&file[trailer_at]);
  const std::size_t sizes_at = footer_at + 32;
  struct Case {
    std::string_view what;
    std::function<void(std::string&)> change;
  };
  const auto u32 = [](std::size_t at, std::uint32_t value) { return [at, value](std::string& f) { store_le(&f[at], value); }; };
  const auto u64 = [](std::size_t at, std::uint64_t value) { return [at, value](std::string& f) { store_le(&f[at], value); }; };
  const Case at_open[] = {
      {"a count of 0", u32(40, 0)},
      {"another count", u32(40, 512)},
      {"a count that is no multiple of 256", u32(40, 257)},
      {"a count over the limit", u32(40, 65'792)},
      {"the largest count", u32(40, 0xffff'ff00)},
      {"a first index that is no multiple of 256", u64(32, 513)},
      {"a first index of 2^62", u64(32, std::uint64_t{1} << 62)},
      {"the largest first index", u64(32, UINT64_MAX - 255)},
      {"other blocks", u32(44, 32)},
      {"a dictionary that is not there", u32(48, 1)},
      {"a dictionary over the limit", u32(48, 0xffff'ffff)},
      {"a footer elsewhere", u64(trailer_at, footer_at + 1)},
      {"a footer before the blocks", u64(trailer_at, 0)},
      {"a footer far away", u64(trailer_at, UINT64_MAX)},
      {"a block of another size", u32(sizes_at, 5)},
      {"a block of the largest size", u32(sizes_at, 0xffff'ffff)},
  };
  Disk disk(file);
  for (const Case& c : at_open) {
    std::string other = file;
    c.change(other);
    disk.put(resealed(other));
    const auto segment = disk.open();
    ASSERT_FALSE(segment.ok()) << c.what;
    EXPECT_EQ(segment.error().code, Code::kCorrupt) << c.what;
  }
  const auto move_block_end = [&](std::uint32_t by) {
    return [&, by](std::string& f) {
      store_le(&f[sizes_at], load_le<std::uint32_t>(&f[sizes_at]) - by);
      store_le(&f[sizes_at + 4], load_le<std::uint32_t>(&f[sizes_at + 4]) + by);
    };
  };
  const std::uint32_t first_block = load_le<std::uint32_t>(&file[sizes_at]);
  const Case at_read[] = {
      {"a block without a byte", move_block_end(first_block)},
      {"a block of one byte", move_block_end(first_block - 1)},
      {"a block cut short", move_block_end(1)},
      {"heads longer than the block", [](std::string& f) { store_le<std::uint16_t>(&f[64], 65'535); }},
      {"no heads", [](std::string& f) { store_le<std::uint16_t>(&f[64], 0); }},
      {"one head fewer", [](std::string& f) { store_le<std::uint16_t>(&f[64], 150); }},
      {"no zstd frame", [](std::string& f) { f[64 + 2 + 160] = 0; }},
      {"a zstd frame that promises too much", [](std::string& f) { std::fill_n(&f[64 + 2 + 160 + 5], 3, '\xff'); }},
  };
  for (const Case& c : at_read) {
    std::string other = file;
    c.change(other);
    disk.put(resealed(other));
    const auto segment = disk.open();
    ASSERT_TRUE(segment.ok()) << c.what << ": " << segment.error().message;
    const auto read = (*segment)->read(512, 1);
    ASSERT_FALSE(read.ok()) << c.what;
    EXPECT_EQ(read.error().code, Code::kCorrupt) << c.what;
    EXPECT_NE(read.error().message.find("entries 512 to 527"), std::string::npos) << read.error().message;
    EXPECT_TRUE((*segment)->read(512 + 32, 16).ok()) << c.what << " harms another block";
  }
}

// Goal: a file name tells what is in it, and no other name does.
TEST(SegmentName, comes_back_from_its_text) {
  EXPECT_EQ(segment_name(65'536, 65'536), "00000000000000065536-65536.segment");
  const std::pair<std::uint64_t, std::uint32_t> runs[] = {
      {0, 256}, {0, 65'536}, {256, 65'280}, {65'280, 256}, {(std::uint64_t{1} << 62) - 256, 256}};
  for (const auto& [first, count] : runs) {
    const auto name = parse_segment_name(segment_name(first, count));
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->first_index, first);
    EXPECT_EQ(name->count, count);
  }
  for (const std::string_view name :
       {"", ".segment", "00000000000000065536.segment", "0000000000000065536-65536.segment", "00000000000000065536-.segment",
        "00000000000000065536-0.segment", "00000000000000065536-65537.segment", "00000000000000065536-065536.segment",
        "00000000000000065536-65536", "00000000000000065536-65536.segment.new", "00000000000000065536_65536.segment",
        "0000000000000006553x-65536.segment", "99999999999999999999-256.segment", "00000000000000065536--1.segment",
        // No whole bundles of one level-1 tile.
        "00000000000000000256-65536.segment", "00000000000000000001-256.segment", "00000000000000000000-255.segment"}) {
    EXPECT_FALSE(parse_segment_name(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace stele::log
