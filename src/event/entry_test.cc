// Entries: bytes as docs/formats/entry.md has them, stamping, limits, and what is read back.
#include "event/entry.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>

#include "base/json_text.h"
#include "support/prng.h"

namespace stele::event {
namespace {

using testing::Prng;

constexpr std::string_view kBlankHead =
    R"({"stele":1,"id":"00000000-0000-7000-8000-000000000000","received":"1970-01-01T00:00:00.000000000Z",)";
constexpr UnixNanos kTime = 1'795'450'800'123'456'789;  // 2026-11-23T16:20:00.123456789Z

const Source kSource{"billing-api", "http", "10.0.0.5:51230", "token:tk_7h"};
const std::string kSourceJson = R"({"id":"billing-api","kind":"http","peer":"10.0.0.5:51230","identity":"token:tk_7h"})";

class PrngRandom final : public Random {
 public:
  explicit PrngRandom(std::uint64_t seed) : prng_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    prng_.fill(std::as_writable_bytes(out));
    filled.insert(filled.end(), out.begin(), out.end());
  }
  std::vector<std::uint8_t> filled;

 private:
  Prng prng_;
};

std::vector<std::string> entries_of(const EntryBatch& batch) {
  std::vector<std::string> out;
  EXPECT_TRUE(for_each_entry(batch.bytes(), [&](std::string_view entry) { out.emplace_back(entry); }).ok());
  EXPECT_EQ(out.size(), batch.count());
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(batch.entry(i), out[i]);
  return out;
}

// Goal: members stand in the documented order, absent ones leave nothing behind, and the head has its fixed places.
TEST(Entry, has_its_documented_bytes) {
  EntryBatch batch(kSource);
  ASSERT_TRUE(batch.add(R"({"a":1})", {}, {}, {}).ok());
  ASSERT_TRUE(batch.add(R"({"a":2})", R"({"by":"x@1"})", {}, "e1").ok());
  ASSERT_TRUE(batch.add(R"({"a":3})", {}, R"("raw")", {}).ok());
  ASSERT_TRUE(batch.add(R"({"a":4})", R"({"by":"x@1"})", R"({"$base64":"/w=="})", {}).ok());
  const std::string front = std::string(kBlankHead) + "\"source\":" + kSourceJson;
  EXPECT_EQ(entries_of(batch), (std::vector<std::string>{
                                   front + R"(,"event":{"a":1}})",
                                   front + R"(,"event":{"a":2},"derived":{"by":"x@1"}})",
                                   front + R"(,"event":{"a":3},"original":"raw"})",
                                   front + R"(,"event":{"a":4},"derived":{"by":"x@1"},"original":{"$base64":"/w=="}})",
                               }));
  EXPECT_EQ(kBlankHead.size(), kHeadBytes);
  EXPECT_EQ(kBlankHead.substr(kIdAt, kIdWidth), "00000000-0000-7000-8000-000000000000");
  EXPECT_EQ(kBlankHead.substr(kReceivedAt, kTimeWidth), "1970-01-01T00:00:00.000000000Z");
}

// Goal: a source has its members in order, without those that are empty, and any text is escaped.
TEST(Entry, names_its_source) {
  EXPECT_EQ(source_json(kSource), kSourceJson);
  EXPECT_EQ(source_json({"a", "internal", "", ""}), R"({"id":"a","kind":"internal"})");
  EXPECT_EQ(source_json({"a\"\\\n", "http", "", "é"}), R"({"id":"a\"\\\n","kind":"http","identity":"é"})");
}

// Goal: stamping writes the time and a version 7 UUID of that time into every entry, and nothing else.
TEST(Entry, is_stamped_in_its_fixed_places) {
  EntryBatch batch(kSource);
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(
        batch.add("{\"n\":" + std::to_string(i) + "}", {}, "\"" + std::string(static_cast<std::size_t>(i), 'x') + "\"", {}).ok());
  const auto before = entries_of(batch);
  PrngRandom random(1);
  batch.stamp(kTime, random);
  const auto after = entries_of(batch);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const std::string id = after[i].substr(kIdAt, kIdWidth);
    EXPECT_EQ(after[i].substr(kReceivedAt, kTimeWidth), "2026-11-23T16:20:00.123456789Z");
    std::string blank = after[i];
    blank.replace(kIdAt, kIdWidth, kBlankHead.substr(kIdAt, kIdWidth));
    blank.replace(kReceivedAt, kTimeWidth, kBlankHead.substr(kReceivedAt, kTimeWidth));
    EXPECT_EQ(blank, before[i]);
    ASSERT_EQ(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-', true) << id;
    std::string digits = id;
    std::erase(digits, '-');
    const auto raw = hex_decode(digits);
    ASSERT_TRUE(raw.has_value() && raw->size() == 16) << id;
    EXPECT_EQ(digits.substr(0, 12), "01a2093507fb") << "milliseconds of the time";
    EXPECT_EQ(static_cast<unsigned char>((*raw)[6]) >> 4, 7) << "version";
    EXPECT_EQ(static_cast<unsigned char>((*raw)[8]) >> 6, 2) << "variant";
    EXPECT_EQ(std::string(digits).find_first_not_of("0123456789abcdef"), std::string::npos);
    ids.insert(id);
    // 12 bits from the first two random bytes, 62 from the next eight, little-endian.
    const std::uint8_t* r = &random.filled[i * 10];
    const auto high = static_cast<std::uint64_t>(r[0] << 4 | r[1] >> 4);
    const std::uint64_t low = load_le<std::uint64_t>(r + 2);
    EXPECT_EQ(std::stoull(digits.substr(13, 3), nullptr, 16), high);
    EXPECT_EQ(std::stoull(digits.substr(16), nullptr, 16), (low & 0x3fff'ffff'ffff'ffff) | 0x8000'0000'0000'0000);
  }
  EXPECT_EQ(ids.size(), after.size());
  EXPECT_EQ(random.filled.size(), after.size() * 10);
}

// Goal: every random bit of an id takes both values.
TEST(Entry, has_74_random_bits_in_its_id) {
  PrngRandom random(2);
  std::uint64_t ones[2] = {0, 0};
  std::uint64_t zeros[2] = {0, 0};
  for (int round = 0; round < 200; ++round) {
    EntryBatch batch(kSource);
    ASSERT_TRUE(batch.add("{}", {}, {}, {}).ok());
    batch.stamp(kTime, random);
    std::string digits(batch.entry(0).substr(kIdAt, kIdWidth));
    std::erase(digits, '-');
    for (std::size_t half = 0; half < 2; ++half) {
      const std::uint64_t bits = std::stoull(digits.substr(half * 16, 16), nullptr, 16);
      ones[half] |= bits;
      zeros[half] |= ~bits;
    }
  }
  EXPECT_EQ(std::popcount(ones[0] & zeros[0]) + std::popcount(ones[1] & zeros[1]), 74);
}

// Goal: stamping again replaces the stamp; the first and the last moment have their texts.
TEST(Entry, is_stamped_at_any_time) {
  EntryBatch batch(kSource);
  ASSERT_TRUE(batch.add("{}", {}, {}, {}).ok());
  PrngRandom random(3);
  for (const UnixNanos time :
       {UnixNanos{0}, UnixNanos{999'999}, UnixNanos{1'000'000}, kTime, UnixNanos{9'199'999'999'999'999'999}}) {
    batch.stamp(time, random);
    EXPECT_EQ(read_received(batch.entry(0)), time);
    std::string digits(batch.entry(0).substr(kIdAt, 13));
    std::erase(digits, '-');
    EXPECT_EQ(std::stoll(digits, nullptr, 16), time / 1'000'000);
  }
}

// Goal: an entry may have 65,535 bytes and not one more; what is refused leaves the batch as it was.
TEST(Entry, may_be_as_long_as_its_length_can_say) {
  EntryBatch batch(kSource);
  const std::size_t around = kHeadBytes + std::string_view(R"("source":,"event":})").size() + kSourceJson.size();
  const auto event = [&](std::size_t size) { return "\"" + std::string(size - around - 2, 'x') + "\""; };
  ASSERT_TRUE(batch.add(event(kEntryBytesMax), {}, {}, "e1").ok());
  EXPECT_EQ(batch.entry(0).size(), kEntryBytesMax);
  const std::string bytes = batch.bytes();
  EXPECT_EQ(batch.add(event(kEntryBytesMax + 1), {}, {}, "e2").error().code, Code::kTooLarge);
  EXPECT_EQ(batch.add(event(kEntryBytesMax), "{}", {}, {}).error().code, Code::kTooLarge);
  EXPECT_EQ(batch.add(event(kEntryBytesMax), {}, "\"\"", {}).error().code, Code::kTooLarge);
  EXPECT_EQ(batch.add(std::string(10'000'000, 'x'), {}, {}, {}).error().code, Code::kTooLarge);
  EXPECT_EQ(batch.bytes(), bytes);
  EXPECT_EQ(batch.count(), 1U);
  EXPECT_EQ(batch.event_id(0), "e1");
}

// Goal: a batch remembers which entry has which event id, through additions and removals in any order.
TEST(EntryBatch, keeps_event_ids_beside_their_entries) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Prng random(seed);
    EntryBatch batch(kSource);
    std::vector<std::pair<std::string, std::string>> model;  // event, id
    for (int step = 0; step < 30; ++step) {
      if (random.chance(1, 5)) {
        std::vector<bool> keep;
        std::vector<std::pair<std::string, std::string>> kept;
        for (const auto& one : model) {
          keep.push_back(random.chance(2, 3));
          if (keep.back()) kept.push_back(one);
        }
        batch.retain(keep);
        model = kept;
      } else {
        const std::string event = "{\"n\":" + std::to_string(step) + "}";
        const std::string id = random.chance(seed % 3, 3) ? "e" + std::to_string(step) : "";
        ASSERT_TRUE(batch.add(event, {}, {}, id).ok());
        model.emplace_back(event, id);
      }
      ASSERT_EQ(batch.count(), model.size());
      bool any = false;
      for (std::size_t i = 0; i < model.size(); ++i) {
        ASSERT_EQ(batch.event_id(i), model[i].second) << "step " << step;
        ASSERT_TRUE(batch.entry(i).ends_with(",\"event\":" + model[i].first + "}")) << "step " << step;
        any = any || !model[i].second.empty();
      }
      ASSERT_EQ(batch.has_event_ids(), any);
      (void)entries_of(batch);
    }
  }
}

// Goal: the bytes are given away once; the batch is empty then.
TEST(EntryBatch, gives_its_bytes_away) {
  EntryBatch batch(kSource);
  ASSERT_TRUE(batch.add("{}", {}, {}, "e").ok());
  const std::string bytes = batch.bytes();
  EXPECT_EQ(std::move(batch).take_bytes(), bytes);
  EXPECT_EQ(batch.count(), 0U);  // NOLINT(bugprone-use-after-move): the contract says so
  EXPECT_FALSE(batch.has_event_ids());
}

// Goal: a bundle ends where an entry does, or is damaged.
TEST(ForEachEntry, tells_where_a_bundle_is_cut) {
  EntryBatch batch(kSource);
  ASSERT_TRUE(batch.add("{}", {}, {}, {}).ok());
  ASSERT_TRUE(batch.add(R"({"a":1})", {}, {}, {}).ok());
  const std::string& bytes = batch.bytes();
  const std::size_t middle = 2 + batch.entry(0).size();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    std::size_t seen = 0;
    const Status status = for_each_entry(std::string_view(bytes).substr(0, size), [&](std::string_view) { ++seen; });
    EXPECT_EQ(status.ok(), size == 0 || size == middle || size == bytes.size()) << size;
    EXPECT_EQ(seen, (size >= middle ? 1U : 0U) + (size == bytes.size() ? 1U : 0U)) << size;
  }
}

// Goal: what was written is read back, member by member.
TEST(ReadEntry, returns_what_was_written) {
  struct {
    std::string_view event, derived, original, id;
  } const cases[] = {
      {R"({"a":1})", "", "", ""},
      {R"({"id":"e1","x":{"event":5,"source":6}})", R"({"by":"x@1"})", R"("raw \" text")", "e1"},
      {R"({"id":"\u0065é1","\u0069":1})", "", R"({"$base64":"/w=="})", "eé1"},
      {R"({"id":7})", "", "null", ""},
      {R"({"\u0069d":"e2"})", "", "", "e2"},
      {R"({"id":""})", "", "", ""},
      {R"("no object")", "", "", ""},
  };
  PrngRandom random(4);
  for (const auto& [event, derived, original, id] : cases) {
    EntryBatch batch({"s\"1", "http", "", ""});
    ASSERT_TRUE(batch.add(event, derived, original, id).ok());
    batch.stamp(kTime, random);
    const std::string_view entry = batch.entry(0);
    const auto view = read_entry(entry);
    ASSERT_TRUE(view.ok()) << view.error().message;
    EXPECT_EQ(view->id, entry.substr(kIdAt, kIdWidth));
    EXPECT_EQ(view->received, kTime);
    EXPECT_EQ(view->source, R"({"id":"s\"1","kind":"http"})");
    EXPECT_EQ(view->event, event);
    EXPECT_EQ(view->derived, derived);
    EXPECT_EQ(view->original, original);
    EXPECT_EQ(read_received(entry), kTime);
  }
}

// Goal: what is no entry, or one that was cut or changed in its form, is kCorrupt and never a crash.
TEST(ReadEntry, refuses_other_forms) {
  EntryBatch batch(kSource);
  ASSERT_TRUE(batch.add(R"({"id":"e1"})", R"({"by":"x@1"})", R"("raw")", "e1").ok());
  PrngRandom random(5);
  batch.stamp(kTime, random);
  const std::string entry(batch.entry(0));
  for (std::size_t size = 0; size < entry.size(); ++size) {
    EXPECT_EQ(read_entry(entry.substr(0, size)).error().code, Code::kCorrupt) << size;
    if (size < kHeadBytes) EXPECT_FALSE(read_received(entry.substr(0, size)).has_value()) << size;
  }
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string out = entry;
    const auto at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return out.replace(at, from.size(), to);
  };
  for (const std::string& other : {
           entry + " ",
           entry + "}",
           " " + entry,
           changed("\"stele\":1", "\"stele\":2"),
           changed(",\"event\"", ", \"event\""),
           changed("\"received\"", "\"Received\""),
           changed("2026-11-23T", "2026-11-31T"),
           changed("\"event\"", "\"evenT\""),
           changed("\"source\"", "\"sourcE\""),
           changed("\"derived\"", "\"event\""),
           changed("\"raw\"", "\"\xff\""),
           changed("\"raw\"", "\"\\ud800\""),
           changed("\"e1\"", "\"e1\"\"\""),
       }) {
    EXPECT_EQ(read_entry(other).error().code, Code::kCorrupt) << other;
  }
  const auto newer = changed("\"original\"", "\"more\":{},\"original\"");
  EXPECT_EQ(read_entry(newer)->original, "\"raw\"") << "members that are not known are passed over";
}

}  // namespace
}  // namespace stele::event
