#include "log/tail.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "support/prng.h"

namespace stele::log {
namespace {

std::string encoded(std::string_view entry) {
  std::string out;
  out += static_cast<char>(entry.size() >> 8U);
  out += static_cast<char>(entry.size());
  out += entry;
  return out;
}

std::string entry_text(std::uint64_t index) { return "entry " + std::to_string(index * index); }

std::string entries(std::uint64_t first, std::uint64_t end) {
  std::string out;
  for (std::uint64_t i = first; i < end; ++i) out += encoded(entry_text(i));
  return out;
}

Batch batch(std::uint64_t first, std::uint64_t count, std::vector<KeyFingerprint> keys = {}) {
  return {first, static_cast<UnixNanos>(1000 + first), entries(first, first + count), std::vector<Hash>(count), std::move(keys)};
}

// Goal: a commit's batches become one block; keys stand beside their entries, also when only some batches have any.
TEST(JoinBatches, keeps_entries_and_keys_in_place) {
  std::vector<Batch> batches;
  batches.push_back(batch(7, 2));
  batches.push_back(batch(9, 0));
  batches.push_back(batch(9, 3, {11, 0, 13}));
  batches.push_back(batch(12, 1));
  const TailBlock block = join_batches(batches);
  EXPECT_EQ(block.first_index, 7U);
  EXPECT_EQ(block.end_index(), 13U);
  EXPECT_EQ(block.received, 1012);
  EXPECT_EQ(block.bytes, entries(7, 13));
  EXPECT_EQ(block.keys, (std::vector<KeyFingerprint>{0, 0, 11, 0, 13, 0}));
  for (std::uint64_t first = 7; first < 13; ++first) {
    for (std::uint64_t count = 1; count <= 13 - first; ++count)
      EXPECT_EQ(block.encoded(first, count), entries(first, first + count));
  }
}

// Goal: what is read is what was appended and not dropped, whatever the cuts; a dropped block lives while it is held.
TEST(Tail, reads_what_it_has) {
  testing::Prng prng(5);
  Tail tail;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Batch> batches;
    const std::uint64_t count = 1 + prng.below(5);
    batches.push_back(batch(end, count));
    tail.append(join_batches(batches));
    end += count;
    if (prng.chance(1, 3)) {
      const std::uint64_t cut = begin + prng.below(end - begin + 1);
      const auto dropped = tail.drop_before(cut);
      if (!dropped.empty()) {
        EXPECT_EQ(dropped.front()->first_index, begin);
        begin = dropped.back()->end_index();
        EXPECT_LE(begin, cut);
        EXPECT_EQ(dropped.back()->bytes, entries(dropped.back()->first_index, begin));
      }
    }
    EXPECT_EQ(tail.bytes(), entries(begin, end).size());
    const std::uint64_t first = prng.below(end + 2);
    const std::uint64_t stop = first + prng.below(40);
    std::string out = "before";
    const std::uint64_t next = tail.read(first, stop, out);
    const std::uint64_t want = first < begin || first >= end ? first : std::min(stop, end);
    EXPECT_EQ(next, std::max(first, want));
    EXPECT_EQ(out, "before" + entries(first, next));
  }
}

}  // namespace
}  // namespace stele::log
