// Blocks give back every entry byte for byte, whatever it is, and refuse what they did not make.
#include "log/block.h"

#include <gtest/gtest.h>

#include "support/entries.h"

namespace stele::log {
namespace {

using namespace std::literals;
using testing::bundle_of;
using testing::Prng;
using testing::views_of;

constexpr std::string_view kUsual =
    R"({"stele":1,"id":"019ab18b-7a4b-7001-8203-040506070809","received":"2025-11-23T16:20:00.123456789Z","source":{}})";

struct Block {
  std::string heads;
  std::string body;
};

Block split(const std::vector<std::string>& entries) {
  Block block;
  split_entries(views_of(entries), block.heads, block.body);
  return block;
}

Status join(const Block& block, std::size_t count, std::string& out) {
  const auto held = static_cast<std::uint32_t>(count);
  return join_entries(block.heads, block.body, held, {0, held}, out);
}

// Goal: the documented bytes of a split entry, a second one at the same time, one earlier, and a whole one.
TEST(Block, has_its_documented_bytes) {
  UnixNanos received = parse_time("2025-11-23T16:20:00.123456789Z").value();
  std::string usual(kUsual);
  std::string millis;
  for (int shift = 44; shift >= 0; shift -= 4)
    millis += "0123456789abcdef"[static_cast<std::uint64_t>(received / 1'000'000) >> shift & 15];
  usual.replace(17, 13, millis.substr(0, 8) + "-" + millis.substr(8));
  std::string earlier = usual;
  earlier.replace(67, 30, "2025-11-23T16:20:00.123456724Z");  // 65 ns, zig-zag 129
  const Block block = split({usual, usual, earlier, "odd"});
  const std::string head = "\x70\x01\x82\x03\x04\x05\x06\x07\x08\x09"s;
  EXPECT_EQ(block.heads, head + head + head);
  const std::string rest = "\0\x0c\"source\":{}}"s;
  ASSERT_EQ(usual.size(), 99U + 12U);
  std::string first = "\x01"s;
  for (auto v = static_cast<std::uint64_t>(received) << 1;; v >>= 7) {
    first += static_cast<char>(v < 0x80 ? v : v | 0x80);
    if (v < 0x80) break;
  }
  EXPECT_EQ(block.body, first + rest + "\x01\0"s + rest + "\x01\x81\x01"s + rest + "\0\0\x03odd"s);
  std::string bundle;
  ASSERT_TRUE(join(block, 4, bundle).ok());
  EXPECT_EQ(bundle, bundle_of({usual, usual, earlier, "odd"}));
}

// Goal: random entries, usual and odd, come back byte for byte.
TEST(Block, gives_back_every_entry) {
  std::size_t whole = 0;
  std::size_t all = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Prng random(seed);
    const auto entries = testing::random_entries(random, random.below(20), seed % 4);
    const Block block = split(entries);
    std::string bundle = "before";
    const Status joined = join(block, entries.size(), bundle);
    ASSERT_TRUE(joined.ok()) << joined.error().message << ", seed " << seed;
    ASSERT_EQ(bundle, "before" + bundle_of(entries)) << "seed " << seed;
    all += entries.size();
    whole += entries.size() - block.heads.size() / 10;
  }
  EXPECT_GT(whole, all / 20) << "too few odd entries to tell";
  EXPECT_LT(whole, all / 2) << "usual entries are kept whole";
}

// Goal: of any part of a block just its entries come, and damage outside of the part is told all the same.
TEST(Block, gives_back_a_part) {
  constexpr std::uint64_t kSeed = 3;
  Prng random(kSeed);
  const auto entries = testing::random_entries(random, 16, 3, 60);
  Block block = split(entries);
  for (std::uint32_t begin = 0; begin <= 16; ++begin) {
    for (std::uint32_t end = begin; end <= 16; ++end) {
      std::string bundle;
      ASSERT_TRUE(join_entries(block.heads, block.body, 16, {begin, end}, bundle).ok());
      EXPECT_EQ(bundle, bundle_of({entries.begin() + begin, entries.begin() + end})) << begin << " to " << end;
    }
  }
  block.body.pop_back();
  std::string bundle;
  EXPECT_FALSE(join_entries(block.heads, block.body, 16, {0, 1}, bundle).ok());
}

// Goal: the longest entry and the longest that is split come back.
TEST(Block, holds_entries_up_to_the_limit) {
  constexpr std::uint64_t kSeed = 2;
  Prng random(kSeed);
  std::string longest = testing::usual_entry(random, 1'700'000'000'000'000'000, 65'000);
  longest.append(65'535 - longest.size(), ' ');
  for (const std::string& entry : {longest, std::string(65'535, 'x')}) {
    std::string bundle;
    ASSERT_TRUE(join(split({entry}), 1, bundle).ok());
    EXPECT_EQ(bundle, bundle_of({entry}));
  }
}

// Goal: only a head that can be made again is taken apart: each of these stays whole.
TEST(Block, keeps_odd_heads_whole) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Prng random(seed);
    const std::string entry = testing::odd_entry(random, 1'700'000'000'000'000'000);
    const Block block = split({entry});
    if (block.body[0] == 0) {
      EXPECT_EQ(block.heads, "");
      EXPECT_EQ(block.body.substr(3), entry);
    } else {
      EXPECT_EQ(block.heads.size(), 10U) << "seed " << seed;
    }
  }
}

// Goal: a block that is cut, longer, of another count or with other heads is damaged, never misread and never a crash.
TEST(Block, refuses_what_it_did_not_make) {
  constexpr std::uint64_t kSeed = 4;
  Prng random(kSeed);
  const auto entries = testing::random_entries(random, 6, 0, 40);
  const Block block = split(entries);
  const auto refused = [&](const Block& other, std::size_t count) {
    std::string bundle;
    const Status joined = join(other, count, bundle);
    return !joined.ok() && joined.error().code == Code::kCorrupt;
  };
  for (std::size_t size = 0; size < block.body.size(); ++size)
    EXPECT_TRUE(refused({block.heads, block.body.substr(0, size)}, 6)) << size;
  for (std::size_t size = 0; size < block.heads.size(); ++size)
    EXPECT_TRUE(refused({block.heads.substr(0, size), block.body}, 6)) << size;
  EXPECT_TRUE(refused({block.heads + "x", block.body}, 6));
  EXPECT_TRUE(refused({block.heads, block.body + '\0'}, 6));
  for (const std::size_t count : {0U, 5U, 7U, 4'000'000'000U}) EXPECT_TRUE(refused(block, count)) << count;
  EXPECT_TRUE(refused({"", "\x02\0\0"s}, 1)) << "an unknown tag";
  const std::string head(10, '\0');
  EXPECT_TRUE(refused({head, "\x01\x01\0\0"s}, 1)) << "a time before 1970";
  EXPECT_TRUE(refused({head, "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0"s}, 1)) << "a number of more than 64 bits";
  EXPECT_TRUE(refused({head, "\x01\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x03\0\0"s}, 1)) << "a number of 65 bits";
  EXPECT_TRUE(refused({head, "\x01\x82\0\0\0"s}, 1)) << "a number longer than it need be";
  const std::string far = "\x01\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0"s;  // 2^63 - 1
  EXPECT_FALSE(refused({head, far}, 1));
  EXPECT_TRUE(refused({head + head, far + "\x01\x02\0\0"s}, 2)) << "a time past the end of time";
  EXPECT_TRUE(refused({head, "\x01\0\xff\xff"s + std::string(65'535, 'x')}, 1)) << "an entry over the limit";
}

// Goal: whatever single bit is changed, reading neither crashes nor gives more entries than asked for.
TEST(Block, survives_any_single_bit_flip) {
  constexpr std::uint64_t kSeed = 6;
  Prng random(kSeed);
  const auto entries = testing::random_entries(random, 4, 2, 30);
  const Block block = split(entries);
  for (std::size_t bit = 0; bit < block.body.size() * 8; ++bit) {
    Block other = block;
    other.body[bit / 8] = static_cast<char>(other.body[bit / 8] ^ 1 << bit % 8);
    std::string bundle;
    if (!join(other, entries.size(), bundle).ok()) continue;
    EXPECT_NE(bundle, bundle_of(entries)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace stele::log
