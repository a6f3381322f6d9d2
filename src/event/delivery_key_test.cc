#include "event/delivery_key.h"

#include <gtest/gtest.h>

#include "event/entry.h"

namespace stele::event {
namespace {

std::string stored(std::string_view event, const Source& source = {"s\"1", "http", "", ""}) {
  EntryBatch batch(source);
  EXPECT_TRUE(batch.add(event, R"({"by":"x@1","id":"not this"})", R"("id")", {}).ok());
  return std::string(batch.entry(0));
}

// Goal: the source's id and the event's own are found however they are written, and nothing else is taken for them.
TEST(DeliveryKeyReader, finds_both_ids) {
  const struct {
    std::string_view event, id;
  } cases[] = {
      {R"({"a":1})", ""},
      {R"({})", ""},
      {R"({"id":"e1","x":{"event":5,"source":6}})", "e1"},
      {R"({"x":{"id":"no"},"y":["id",{"id":"no"}],"z":"\"id\":\"no\"","id":"e2"})", "e2"},
      {R"({"id":"\u0065é\n1","\u0069":1})", "eé\n1"},
      {R"({"i":"no","idx":"no","Id":"no","":"no","d":"no"})", ""},
      {R"({"id":7})", ""},
      {R"({"id":{"id":"no"}})", ""},
      {R"({"id":null,"a":2})", ""},
      {R"({"\u0069d":"e3"})", "e3"},
      {R"({"i\u0064":"e4"})", "e4"},
      {R"({"\u0069e":"no","\\id":"no"})", ""},
      {R"({"id":""})", ""},
      {R"("no object")", ""},
      {"7", ""},
      {R"([{"id":"no"}])", ""},
  };
  DeliveryKeyReader reader;
  for (const auto& [event, id] : cases) {
    const auto key = reader.read(stored(event));
    ASSERT_TRUE(key.ok()) << event << ": " << key.error().message;
    ASSERT_EQ(key->has_value(), !id.empty()) << event;
    if (id.empty()) continue;
    EXPECT_EQ((*key)->source_id, "s\"1");
    EXPECT_EQ((*key)->event_id, id);
  }
  const auto nameless = reader.read(stored(R"({"id":"e1"})", {"", "syslog", "192.0.2.1:514", ""}));
  ASSERT_TRUE(nameless.ok() && *nameless);
  EXPECT_EQ((*nameless)->source_id, "");
}

// Goal: the longest and the deepest entry that can be stored are read, one reader after another.
TEST(DeliveryKeyReader, reads_what_is_long_and_deep) {
  std::string deep = "0";
  for (int i = 0; i < 128; ++i) deep = "{\"$literal\":" + deep + "}";
  const std::string empty = stored(R"({"x":,"y":"","id":"e1"})");
  const std::string event =
      R"({"x":)" + deep + R"(,"y":")" + std::string(kEntryBytesMax - empty.size() - deep.size(), 'a') + R"(","id":"e1"})";
  const std::string entry = stored(event);
  ASSERT_EQ(entry.size(), kEntryBytesMax);
  DeliveryKeyReader reader;
  for (const std::string_view id : {"e1", "e2"}) {
    const auto key = reader.read(id == "e1" ? entry : stored(R"({"id":"e2"})"));
    ASSERT_TRUE(key.ok() && *key);
    EXPECT_EQ((*key)->event_id, id);
  }
}

// Goal: what was cut is noticed, and no other bytes are a crash.
TEST(DeliveryKeyReader, refuses_what_was_cut) {
  const std::string entry = stored(R"({"id":"e1"})");
  DeliveryKeyReader reader;
  for (std::size_t size = 0; size < entry.size(); ++size) {
    const auto key = reader.read(std::string_view(entry).substr(0, size));
    if (size > 0 && entry[size - 1] == '}') continue;  // it might end here
    ASSERT_FALSE(key.ok()) << size;
    EXPECT_EQ(key.error().code, Code::kCorrupt) << size;
  }
  EXPECT_EQ(reader.read(std::string_view("\xff\0\"{", 4)).error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace stele::event
