// What may not stand in an entry is kept apart, and nothing else is touched.
#include "apart/keeper.h"

#include <gtest/gtest.h>

#include "apart/commitment.h"
#include "event/json_value.h"
#include "support/fixed.h"

namespace stele::apart {
namespace {

using event::ApartKind;

struct Kept {
  Status status;
  std::string entry;
  std::vector<event::ApartValue> values;

  [[nodiscard]] std::string member(std::string_view name) const {
    const auto view = event::read_entry(entry);
    if (!view) return "";
    return std::string(name == "event" ? view->event : name == "derived" ? view->derived : view->original);
  }
};

Kept keep(const std::string& event, const std::string& derived = "", const std::string& input = "",
          KeeperOptions options = {&shipped_secrets(), 1U << 20}) {
  static testing::SeededRandom random(1);
  const Keeper keeper(options, random);
  event::EntryBatch batch(event::Source{"s", "http", "", ""});
  Kept out;
  out.status = keeper.add(batch, {event, derived, input, ""});
  if (!out.status) {
    EXPECT_EQ(batch.count(), 0U);
    return out;
  }
  out.entry = batch.entry(0);
  out.values = batch.take_apart();
  for (const event::ApartValue& value : out.values)
    EXPECT_EQ(commitment_of(value.kind, value.salt, value.bytes), value.commitment);
  std::size_t at = 0;
  for_each_commitment(out.entry, [&](const CommitmentAt& commitment) {
    const auto match = std::find_if(out.values.begin(), out.values.end(),
                                    [&](const auto& value) { return value.commitment == commitment.commitment; });
    EXPECT_NE(match, out.values.end());
    if (match != out.values.end()) EXPECT_EQ(match->bytes.size(), commitment.bytes);
    ++at;
  });
  EXPECT_EQ(at, out.values.size());
  return out;
}

// Goal: an event without secrets is stored as it came, byte for byte.
TEST(Keeper, leaves_what_is_innocent) {
  const std::string event = R"({"time":"2026-11-23T16:20:00Z","message":"Failed password for root","attributes":{"a":1}})";
  const Kept kept = keep(event, "", "raw line");
  EXPECT_EQ(kept.member("event"), event);
  EXPECT_EQ(kept.member("original"), "\"raw line\"");
  EXPECT_TRUE(kept.values.empty());
}

// Goal: a value that is a secret is sealed alone; nothing else of the event is lost for it.
TEST(Keeper, seals_a_secret_value) {
  const Kept kept = keep(R"({"action":"x","attributes":{"user":"ada","password":"hunter2"}})");
  ASSERT_EQ(kept.values.size(), 1U);
  EXPECT_EQ(kept.values[0].bytes, "\"hunter2\"");
  EXPECT_EQ(kept.entry.find("hunter2"), std::string::npos);
  EXPECT_NE(kept.member("event").find(R"("user":"ada","password":{"$sealed":)"), std::string::npos);
  EXPECT_EQ(kept.member("derived"), R"({"by":"stele/secrets@1","fields":["attributes"],"redacted":1})");
  EXPECT_EQ(kept.member("original"), "");
}

// Goal: a secret within a text is masked, and the whole input is there for who may open it.
TEST(Keeper, masks_a_secret_in_a_text) {
  const std::string event = R"({"action":"x","message":"login with password=hunter2 failed","attributes":{"n":1}})";
  const Kept kept = keep(event, R"({"by":"r/x@1","fields":["action","message"],"unattributed":true})");
  ASSERT_EQ(kept.values.size(), 1U);
  EXPECT_EQ(kept.values[0].kind, ApartKind::kSealed);
  EXPECT_EQ(kept.values[0].bytes, event);
  EXPECT_EQ(kept.member("event"), R"({"action":"x","message":"login with password=[sealed] failed","attributes":{"n":1}})");
  EXPECT_EQ(kept.member("derived"), R"({"by":"r/x@1","fields":["action","message"],"redacted":1,"unattributed":true})");
  EXPECT_TRUE(kept.member("original").starts_with(R"({"$sealed":{"commitment":")"));
}

// Goal: where there is an input its bytes are what is sealed, also those that are not UTF-8.
TEST(Keeper, seals_the_input_of_any_bytes) {
  const Kept kept = keep(R"({"action":"x","message":"password=hunter2"})", "", "password=hunter2 \xff");
  ASSERT_EQ(kept.values.size(), 1U);
  EXPECT_EQ(kept.values[0].bytes,
            "{\"$base64\":\"" + base64_encode(as_byte_span(std::string_view("password=hunter2 \xff"))) + "\"}");
  EXPECT_EQ(kept.entry.find("hunter2"), std::string::npos);
}

// Goal: a secret in a name, where nothing can be masked, takes all of the smallest value around it along.
TEST(Keeper, seals_a_secret_in_a_name) {
  const Kept kept = keep(R"({"action":"x","attributes":{"a":{"password=hunter2 ":1},"b":2}})");
  EXPECT_EQ(kept.entry.find("hunter2"), std::string::npos);
  EXPECT_NE(kept.entry.find("\"b\":2"), std::string::npos);
  ASSERT_EQ(kept.values.size(), 1U);
}

// Goal: who acted and what was done are never masked, whatever they look like.
TEST(Keeper, never_masks_who_and_what) {
  const std::string event =
      R"({"id":"token=abcdef123456","actor":{"type":"user","id":"password=hunter2"},"action":"secret=abcdefgh"})";
  EXPECT_EQ(keep(event).member("event"), event);
}

// Goal: an entry stays JSON whatever a secret takes along: a key whose end is in another line reaches to the end of its text.
TEST(Keeper, masks_a_key_that_does_not_end) {
  const Kept kept = keep(R"({"action":"x","message":"key -----BEGIN RSA PRIVATE KEY-----","attributes":{"n":1}})", "", "input");
  EXPECT_EQ(kept.member("event"), R"({"action":"x","message":"key [sealed]","attributes":{"n":1}})");
  EXPECT_TRUE(kept.member("original").starts_with(R"({"$sealed":)"));
}

// Goal: what a door decoded is looked at as well as what came: the input has it in another form.
TEST(Keeper, finds_what_only_the_event_shows) {
  const Kept kept = keep(R"({"action":"x","attributes":{"command":"mysql --password=hunter2"}})", "", "cmd=6D7973716C20");
  EXPECT_EQ(kept.entry.find("hunter2"), std::string::npos);
  ASSERT_EQ(kept.values.size(), 1U);
  EXPECT_EQ(kept.values[0].bytes, "\"cmd=6D7973716C20\"");
}

// Goal: what only the input shows to be a secret is masked where the event has it.
TEST(Keeper, masks_what_the_input_betrays) {
  const Kept kept =
      keep(R"({"action":"x","message":"open sesame99 please","attributes":{"word":"sesame99"}})", "", "password=sesame99 please");
  EXPECT_EQ(kept.entry.find("sesame99"), std::string::npos);
  EXPECT_NE(kept.entry.find("open [sealed] please"), std::string::npos);
}

// Goal: JSON in a string in a string is read as it is meant, and a value in quotes is one whole.
TEST(Keeper, looks_into_strings_with_escapes) {
  const Kept kept = keep(R"({"action":"x","message":"got {\"body\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}"})", "",
                         R"(got {"body":"{\"password\":\"hunter2\"}"})");
  EXPECT_EQ(kept.entry.find("hunter2"), std::string::npos);
  event::JsonTape tape;
  event::JsonError error;
  EXPECT_TRUE(tape.parse(kept.entry, {}, error)) << kept.entry;
  const Kept spaced = keep(R"({"action":"x","attributes":{"password":"ab, cd efgh","text":"password=\"two words\" user=ada"}})");
  EXPECT_EQ(spaced.entry.find("efgh"), std::string::npos);
  EXPECT_EQ(spaced.entry.find("words"), std::string::npos);
  EXPECT_NE(spaced.entry.find("user=ada"), std::string::npos);
}

// Goal: an event that is no I-JSON is not stored with its secrets in it: it is refused.
TEST(Keeper, refuses_an_event_with_a_key_twice) {
  EXPECT_EQ(keep(R"({"message":"password=hunter2","message":"x"})").status.error().code, Code::kInvalid);
}

// Goal: the time that a long event costs grows with its length alone.
TEST(Keeper, gives_up_at_once_on_thousands_of_attributes) {
  std::string event = R"({"action":"x","attributes":{"a":0)";
  for (int i = 0; i < 15'000; ++i) event += ",\"n" + std::to_string(i) + "\":\"" + std::string(1'100, 'v') + "\"";
  EXPECT_EQ(keep(event + "}}").status.error().code, Code::kTooLarge);
}

// Goal: what input wrote in the form of a commitment is none, so that nobody can make a log look damaged.
TEST(Commitment, is_not_taken_from_an_object_of_the_input) {
  const std::string value = R"("commitment":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","bytes":5)";
  EXPECT_TRUE(next_commitment(R"({"$sealed":{)" + value + "}}", 0));
  EXPECT_FALSE(next_commitment(R"({"$sealed":{)" + value + R"(},"x":1})", 0));
  EXPECT_FALSE(next_commitment(R"({"$sealed":{)" + value + R"(,"x":1}})", 0));
  EXPECT_TRUE(next_commitment(R"({"$attachment":{)" + value + R"(,"head":"a\"}}b"}})", 0));
  EXPECT_FALSE(next_commitment(R"({"$attachment":{)" + value + R"(,"head":"a"},"x":1})", 0));
  EXPECT_FALSE(next_commitment(R"({"$attachment":{)" + value + "}}", 0));
}

// Goal: nothing is looked for when the operator says so.
TEST(Keeper, seals_nothing_without_a_finder) {
  const std::string event = R"({"action":"x","message":"password=hunter2"})";
  EXPECT_EQ(keep(event, "", "", {nullptr, 1U << 20}).member("event"), event);
}

// Goal: what is too long moves out in the order of the design, and no more of it than must.
TEST(Keeper, moves_out_what_is_too_long_in_order) {
  const std::string input(70'000, 'i');
  const std::string small = R"({"action":"x","message":"m","attributes":{"a":1}})";
  Kept kept = keep(small, "", input);
  ASSERT_EQ(kept.values.size(), 1U);
  EXPECT_EQ(kept.values[0].kind, ApartKind::kAttachment);
  EXPECT_EQ(kept.values[0].bytes, input);
  EXPECT_EQ(kept.member("event"), small);
  EXPECT_TRUE(kept.member("original").ends_with("\"head\":\"" + std::string(512, 'i') + "\"}}"));

  const std::string message(40'000, 'm');
  const std::string attribute(60'000, 'a');
  const std::string rest(30'000, 'b');
  const std::string big =
      R"({"action":"x","message":")" + message + R"(","attributes":{"a":")" + attribute + R"(","b":")" + rest + R"("}})";
  kept = keep(big, "", input);
  ASSERT_EQ(kept.values.size(), 3U);
  EXPECT_EQ(kept.values[1].bytes, "\"" + message + "\"");
  EXPECT_EQ(kept.values[2].bytes, "\"" + attribute + "\"");
  EXPECT_NE(kept.entry.find(rest), std::string::npos);
}

// Goal: what cannot be made fit is refused whole.
TEST(Keeper, refuses_what_cannot_be_made_fit) {
  const std::string target(70'000, 't');
  EXPECT_EQ(keep(R"({"action":"x","targets":[{"type":"t","id":")" + target + R"("}]})").status.error().code, Code::kTooLarge);
  EXPECT_EQ(keep("{}", "", std::string((1U << 20) + 1, 'i')).status.error().code, Code::kTooLarge);
  EXPECT_EQ(keep("{}", "", std::string(70'000, 'i'), {nullptr, 0}).status.error().code, Code::kTooLarge);
}

// Goal: the head of an attachment ends between characters.
TEST(Keeper, cuts_a_head_between_characters) {
  std::string input = "x";
  while (input.size() < 70'000) input += "\u00e4";
  const std::string original = keep("{}", "", input).member("original");
  EXPECT_TRUE(original.ends_with("\u00e4\"}}")) << original.substr(original.size() - 20);
}

// Goal: what input has under our names is nobody's commitment.
TEST(Commitment, of_input_counts_for_nothing) {
  const std::string commitment = base64_encode(as_byte_span(Hash{1}));
  const std::string object = R"({"$sealed":{"commitment":")" + commitment + R"(","bytes":3}})";
  const auto count = [](const std::string& text) {
    int n = 0;
    for_each_commitment(text, [&](const CommitmentAt&) { ++n; });
    return n;
  };
  EXPECT_EQ(count("{\"a\":" + object + "}"), 1);
  EXPECT_EQ(count("{\"a\":{\"$literal\":" + object + "}}"), 0);
  EXPECT_EQ(count("{\"a\":{\"$literal\":{\"$literal\":{\"$literal\":" + object + "}}},\"b\":" + object + "}"), 1);
  EXPECT_EQ(count(R"({"a":"{\"$sealed\":{\"commitment\":\")" + commitment + R"(\",\"bytes\":3}}"})"), 0);
}

}  // namespace
}  // namespace stele::apart
