// Native events through the intake: kept as they came, defaults noted, reserved objects escaped.
#include "event/intake.h"

#include <gtest/gtest.h>

#include <set>

#include "event/delivery_key.h"
#include "event/entry.h"
#include "support/prng.h"

namespace stele::event {
namespace {

using testing::Prng;

const std::string kHead = R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a","outcome":"success")";

Accepted accept(Intake& intake, std::string_view json) {
  Accepted out;
  Finding error;
  EXPECT_TRUE(intake.read(json, out, error)) << error.code << " " << error.path << " " << error.message;
  return out;
}
Accepted accept(std::string_view json) {
  Intake intake{JsonLimits{}};
  return accept(intake, json);
}

// The other way: what a reader of entries makes of {"$literal":…} (docs/formats/entry.md).
void append_unescaped(const JsonTape& tape, std::uint32_t at, bool taken_as_is, std::string& out) {
  const JsonNode& node = tape.nodes()[at];
  const bool object = node.type == JsonType::kObject;
  if (object && !taken_as_is && node.end > at + 1 && tape.nodes()[at + 1].end == node.end &&
      tape.key(tape.nodes()[at + 1]) == "$literal") {
    return append_unescaped(tape, at + 1, true, out);
  }
  if (!object && node.type != JsonType::kArray) {
    out += tape.raw(node);
    return;
  }
  out += object ? '{' : '[';
  tape.for_each_child(at, [&](std::uint32_t child) {
    if (child != at + 1) out += ',';
    if (object) out += "\"" + std::string(tape.key(tape.nodes()[child])) + "\":";
    append_unescaped(tape, child, false, out);
  });
  out += object ? '}' : ']';
}

std::string unescaped(std::string_view json) {
  JsonTape tape;
  JsonError error;
  EXPECT_TRUE(tape.parse(json, {1U << 20, 200, 100'000}, error)) << error.message;
  std::string out;
  append_unescaped(tape, 0, false, out);
  return out;
}

// Goal: nothing of an event changes but the white space: order, numbers, escapes and unknown members stay.
TEST(Intake, keeps_an_event_as_it_came) {
  const std::string event =
      R"({"action":"a","unknown":[1.50,-0,1E+2,"\u0041\/é"],"outcome":"denied","actor":{"id":"\u0075","type":"user"},)"
      R"("seq":812,"id":"evt\u005f91","time":"2026-11-23T16:20:00.10Z","attributes":{"z":1,"a":{"b":null}}})";
  const Accepted accepted = accept(event);
  EXPECT_EQ(accepted.text, event);
  EXPECT_EQ(accepted.id, "evt_91");
  EXPECT_EQ(accepted.derived, "");
  EXPECT_FALSE(accepted.has_origin);
  const std::string back = accept(R"( { "time" : "2026-11-23T16:20:00Z" , "actor" : { "type" : "user" , "id" : "u v" } , )"
                                  R"("action" : "a" , "outcome" : "success" } )")
                               .text;
  EXPECT_EQ(back, R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u v"},"action":"a","outcome":"success"})");
}

// Goal: an absent outcome is unknown, at the end, and said to be Stele's conclusion.
TEST(Intake, supplies_an_outcome) {
  const Accepted accepted = accept(R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a"})");
  EXPECT_EQ(accepted.text,
            R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a","outcome":"unknown"})");
  EXPECT_EQ(accepted.derived, R"({"by":"stele/native@1","fields":["outcome"]})");
  EXPECT_EQ(accept(accepted.text).derived, "") << "read again it is a claim";
}

// Goal: an outcome under an escaped name is an outcome: no second one is added.
TEST(Intake, never_makes_a_name_stand_twice) {
  const std::string event =
      R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a","outc\u006fme":"failure","\u0069d":"e1"})";
  const Accepted accepted = accept(event);
  EXPECT_EQ(accepted.text, event);
  EXPECT_EQ(accepted.derived, "");
  EXPECT_EQ(accepted.id, "e1");
}

// Goal: objects that look reserved are wrapped, wherever they stand; all else is left alone.
TEST(Intake, escapes_reserved_objects) {
  struct {
    std::string_view value, stored;
  } const cases[] = {
      {R"({"$sealed":1})", R"({"$literal":{"$sealed":1}})"},
      {R"({"$":1})", R"({"$literal":{"$":1}})"},
      {R"({"$literal":{}})", R"({"$literal":{"$literal":{}}})"},
      {R"({"$literal":{"$x":1}})", R"({"$literal":{"$literal":{"$literal":{"$x":1}}}})"},
      {R"({"$a":{"$b":[{"$c":0}]}})", R"({"$literal":{"$a":{"$literal":{"$b":[{"$literal":{"$c":0}}]}}}})"},
      {R"([{"$x":1},{"x":{"$y":2}},3])", R"([{"$literal":{"$x":1}},{"x":{"$literal":{"$y":2}}},3])"},
      {R"({"\u0024x":1})", R"({"$literal":{"\u0024x":1}})"},
      {R"({"$x":1,"y":2})", R"({"$x":1,"y":2})"},
      {R"({"x$":1})", R"({"x$":1})"},
      {R"({"a":"$x"})", R"({"a":"$x"})"},
      {R"({})", R"({})"},
      {R"(["$x"])", R"(["$x"])"},
      {R"({"\\$x":1})", R"({"\\$x":1})"},
      {R"({"a":{"$x":1},"b":"tail"})", R"({"a":{"$literal":{"$x":1}},"b":"tail"})"},
  };
  for (const auto& [value, stored] : cases) {
    const std::string event = kHead + R"(,"attributes":{"k":)" + std::string(value) + R"(,"l":0}})";
    const Accepted accepted = accept(event);
    EXPECT_EQ(accepted.text, kHead + R"(,"attributes":{"k":)" + std::string(stored) + R"(,"l":0}})");
    EXPECT_EQ(unescaped(accepted.text), event);
  }
  EXPECT_EQ(accept(kHead + R"(,"attributes":{"$ref":"x"}})").text, kHead + R"(,"attributes":{"$literal":{"$ref":"x"}}})");
  const Accepted both = accept(R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a","x":{"$y":1}})");
  EXPECT_TRUE(both.text.ends_with(R"("x":{"$literal":{"$y":1}},"outcome":"unknown"})")) << both.text;
}

// A value full of objects that look reserved.
std::string random_value(Prng& random, int depth) {
  if (depth == 0 || random.chance(1, 4)) return random.chance(1, 2) ? "1" : "\"$\"";
  if (random.chance(1, 3)) return "[" + random_value(random, depth - 1) + "," + random_value(random, depth - 1) + "]";
  constexpr std::string_view kNames[] = {"$literal", "$x", "a", "\\u0024y", "$"};
  std::string out = "{";
  std::set<std::uint64_t> used;
  for (std::uint64_t count = random.below(3); count > 0; --count) {
    const std::uint64_t name = random.below(std::size(kNames));
    if (!used.insert(name).second) continue;
    if (out.size() > 1) out += ',';
    out += "\"" + std::string(kNames[name]) + "\":" + random_value(random, depth - 1);
  }
  return out + "}";
}

// Goal: whatever is escaped comes back, and no two events are stored alike.
TEST(Intake, escapes_without_loss) {
  Intake intake{JsonLimits{}};
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Prng random(seed);
    const std::string event = kHead + ",\"x\":" + random_value(random, 6) + "}";
    ASSERT_EQ(unescaped(accept(intake, event).text), event) << "seed " << seed;
  }
}

// Goal: the deepest event that can be let in, each object of it wrapped, makes an entry that can be read again.
TEST(Intake, lets_in_nothing_that_an_entry_cannot_hold) {
  constexpr std::uint32_t kDepthMax = 64;  // the most that can be configured
  Intake intake{JsonLimits{1U << 20, kDepthMax, 20'000}};
  std::string value = "1";
  for (std::uint32_t i = 1; i < kDepthMax; ++i) value = R"({"$":)" + value + "}";
  const Accepted accepted = accept(intake, kHead + ",\"x\":" + value + "}");
  EntryBatch batch({"s", "http", "", ""});
  ASSERT_TRUE(batch.add(accepted.text, accepted.derived, "\"o\"", "e1").ok());
  const auto view = read_entry(batch.entry(0));
  ASSERT_TRUE(view.ok()) << view.error().message;
  EXPECT_EQ(view->event, accepted.text);
  EXPECT_TRUE(DeliveryKeyReader().read(batch.entry(0)).ok());
  Accepted out;
  Finding error;
  EXPECT_FALSE(intake.read(kHead + ",\"x\":{\"a\":" + value + "}}", out, error));
  EXPECT_EQ(error.code, "too_deep");
}

// Goal: refusals of the reader and of the schema come through with code, place and sentence.
TEST(Intake, hands_on_what_is_wrong) {
  struct {
    std::string json, code, path;
  } const cases[] = {
      {"", "invalid_json", ""},
      {kHead + ",}", "invalid_json", "/outcome"},
      {kHead + ",\"action\":1}", "duplicate_key", ""},
      {kHead + ",\"x\":\"\\ud800\"}", "invalid_json", "/x"},
      {kHead + ",\"x\":\"\xff\"}", "invalid_json", ""},
      {kHead + ",\"x\":\"" + std::string(1U << 20, 'x') + "\"}", "too_large", ""},
      {kHead + ",\"seq\":\"1\"}", "wrong_type", "/seq"},
      {"{}", "missing", "/time"},
  };
  Intake intake{JsonLimits{}};
  for (const auto& [json, code, path] : cases) {
    Accepted out;
    Finding error;
    EXPECT_FALSE(intake.read(json, out, error)) << json.substr(0, 200);
    EXPECT_EQ(error.code, code) << json.substr(0, 200);
    EXPECT_EQ(error.path, path) << json.substr(0, 200);
    EXPECT_FALSE(error.message.empty());
  }
}

// Goal: nothing of one event is left in the next.
TEST(Intake, forgets_the_event_before) {
  Intake intake{JsonLimits{}};
  Accepted out;
  Finding error;
  ASSERT_TRUE(intake.read(
      R"({"id":"e1","time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a","mesage":"x","origin":{}})", out,
      error));
  EXPECT_EQ(out.id, "e1");
  EXPECT_TRUE(out.has_origin);
  EXPECT_EQ(out.warnings.size(), 1U);
  ASSERT_TRUE(intake.read(kHead + "}", out, error));
  EXPECT_EQ(out.text, kHead + "}");
  EXPECT_EQ(out.id, "");
  EXPECT_EQ(out.derived, "");
  EXPECT_FALSE(out.has_origin);
  EXPECT_TRUE(out.warnings.empty());
}

}  // namespace
}  // namespace stele::event
