// The schema of an event: every rule on its own, and the published JSON Schema held against the reader.
#include "event/schema.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/clock.h"
#include "event/intake.h"

namespace stele::event {
namespace {

using namespace std::literals;

constexpr std::string_view kLeast = R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"a")";

// The least event with more members.
std::string with(std::string_view members) {
  return std::string(kLeast) + (members.empty() ? "" : ",") + std::string(members) + "}";
}

struct Outcome {
  bool ok = false;
  Finding error;
  std::vector<Finding> warnings;
};

Outcome outcome_of(std::string_view json) {
  Intake intake{JsonLimits{}};
  Accepted accepted;
  Outcome out;
  out.ok = intake.read(json, accepted, out.error);
  out.warnings = accepted.warnings;
  return out;
}

std::string verdict(std::string_view json) {
  const Outcome out = outcome_of(json);
  return out.ok ? "ok" : out.error.code + " " + out.error.path;
}

// Goal: what is required is missed by name and place.
TEST(Schema, names_what_is_missing) {
  struct {
    std::string_view json, path;
  } const cases[] = {
      {R"({})", "/time"},
      {R"({"actor":{"type":"user","id":"u"},"action":"a"})", "/time"},
      {R"({"time":"2026-11-23T16:20:00Z","action":"a"})", "/actor"},
      {R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"}})", "/action"},
      {R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user"},"action":"a"})", "/actor/id"},
      {R"({"time":"2026-11-23T16:20:00Z","actor":{"id":"u"},"action":"a"})", "/actor/type"},
      {R"({"time":"2026-11-23T16:20:00Z","actor":{},"action":"a"})", "/actor/type"},
  };
  for (const auto& [json, path] : cases) EXPECT_EQ(verdict(json), "missing " + std::string(path)) << json;
  EXPECT_EQ(verdict(with(R"("targets":[{"type":"t","id":"i"},{"type":"t"}])")), "missing /targets/1/id");
  EXPECT_EQ(verdict(with(R"("changes":[{"from":1,"to":2}])")), "missing /changes/0/field");
  EXPECT_EQ(verdict(with("")), "ok");
}

// Goal: each member takes its own type and no other.
TEST(Schema, holds_every_member_to_its_type) {
  const std::array<std::pair<std::string_view, std::string_view>, 6> values = {
      {{"object", "{}"}, {"array", "[]"}, {"string", R"("x")"}, {"number", "1"}, {"boolean", "true"}, {"null", "null"}}};
  struct {
    std::string_view member, type;
  } const members[] = {
      {"id", "string"},      {"seq", "number"},    {"targets", "array"},  {"origin", "object"},
      {"context", "object"}, {"changes", "array"}, {"message", "string"}, {"attributes", "object"},
  };
  for (const auto& [member, type] : members) {
    for (const auto& [name, value] : values) {
      const std::string json = with("\"" + std::string(member) + "\":" + std::string(value));
      EXPECT_EQ(verdict(json), name == type ? "ok" : "wrong_type /" + std::string(member)) << json;
    }
  }
  // Those of enumerations, times and nested objects, where a string or an object alone is not enough.
  for (const std::string_view member : {"category", "outcome", "severity"}) {
    for (const auto& [name, value] : values) {
      const std::string expected = name == "string" ? "wrong_value /" : "wrong_type /";
      EXPECT_EQ(verdict(with("\"" + std::string(member) + "\":" + std::string(value))), expected + std::string(member));
    }
  }
  for (const std::string_view value : {"[]", "1", "null", "\"u\"", "true"}) {
    EXPECT_EQ(verdict(R"({"time":"2026-11-23T16:20:00Z","action":"a","actor":)" + std::string(value) + "}"), "wrong_type /actor");
    EXPECT_EQ(verdict(with("\"targets\":[" + std::string(value) + "]")), "wrong_type /targets/0");
    if (value != "\"u\"") EXPECT_EQ(verdict(with("\"origin\":{\"host\":" + std::string(value) + "}")), "wrong_type /origin/host");
  }
  for (const std::string_view value : {"[]", "1", "null", "{}", "\"x\""}) {
    EXPECT_EQ(verdict(with(R"("changes":[{"field":"f","from":)" + std::string(value) + R"(,"to":)" + std::string(value) + "}]")),
              "ok");
  }
  for (const std::string_view whole : {"[]", "1", "\"x\"", "null"}) EXPECT_EQ(verdict(whole), "wrong_type ");
}

// Goal: enumerations take exactly their words, and a refusal lists them.
TEST(Schema, holds_enumerations_to_their_words) {
  for (const std::string_view word : categories()) EXPECT_EQ(verdict(with("\"category\":\"" + std::string(word) + "\"")), "ok");
  for (const std::string_view word : outcomes()) EXPECT_EQ(verdict(with("\"outcome\":\"" + std::string(word) + "\"")), "ok");
  for (const std::string_view word : severities()) EXPECT_EQ(verdict(with("\"severity\":\"" + std::string(word) + "\"")), "ok");
  for (const std::string_view word : actor_types()) {
    EXPECT_EQ(verdict(R"({"time":"2026-11-23T16:20:00Z","action":"a","actor":{"id":"u","type":")" + std::string(word) + "\"}}"),
              "ok");
  }
  EXPECT_EQ(categories().size(), 11U);
  for (const std::string_view word : {"", "Success", "success ", "ok"}) {
    EXPECT_EQ(verdict(with("\"outcome\":\"" + std::string(word) + "\"")), "wrong_value /outcome") << word;
  }
  EXPECT_NE(outcome_of(with(R"("outcome":"fine")")).error.message.find("success, failure, denied, unknown"), std::string::npos);
  EXPECT_EQ(verdict(with(R"("outcome":"\u0073uccess")")), "ok") << "an escape is only a spelling";
}

// Goal: times are RFC 3339.
TEST(Schema, takes_rfc_3339_times) {
  const auto at = [](std::string_view time) {
    return R"({"actor":{"type":"user","id":"u"},"action":"a","time":")" + std::string(time) + "\"}";
  };
  for (const std::string_view time :
       {"2026-11-23T16:20:00Z", "2026-11-23t16:20:00z", "2026-11-23T16:20:00.1Z", "2026-11-23T16:20:00.123456789Z",
        "2026-11-23T16:20:00+02:00", "2026-11-23T16:20:00-23:59", "2024-02-29T00:00:00Z", "1990-12-31T23:59:60Z"}) {
    EXPECT_EQ(verdict(at(time)), "ok") << time;
  }
  for (const std::string_view time :
       {"", "now", "2026-11-23", "2026-11-23 16:20:00Z", "2026-11-23T16:20:00", "2026-11-23T16:20Z", "2026-13-23T16:20:00Z",
        "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T16:20:00.Z", "2026-11-23T16:20:00+0200",
        "2026-11-23T16:20:00.1234567890Z", "26-11-23T16:20:00Z", "1763914800", "2026-11-23T16:20:00Z "}) {
    EXPECT_EQ(verdict(at(time)), "wrong_value /time") << time;
  }
}

// Goal: addresses are IPv4 or IPv6.
TEST(Schema, takes_ip_addresses) {
  const auto from = [](std::string_view ip) { return with(R"("origin":{"ip":")" + std::string(ip) + "\"}"); };
  for (const std::string_view ip : {"0.0.0.0", "203.0.113.9", "255.255.255.255", "::", "::1", "1::", "2001:db8::1",
                                    "2001:DB8:0:0:8:800:200C:417A", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1",
                                    "1:2:3:4:5:6:192.0.2.1", "1::8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "fe80::1%eth0"}) {
    EXPECT_EQ(verdict(from(ip)), "ok") << ip;
  }
  for (const std::string_view ip : {"",
                                    "localhost",
                                    "256.0.0.1",
                                    "1.2.3",
                                    "1.2.3.4.5",
                                    "01.2.3.4",
                                    "1.2.3.4 ",
                                    "1.2.3.4/24",
                                    "1.2.3.4:80",
                                    ":",
                                    ":::",
                                    "1:2:3:4:5:6:7",
                                    "1:2:3:4:5:6:7:8:9",
                                    "1::2::3",
                                    ":1:2:3:4:5:6:7:8",
                                    "1:2:3:4:5:6:7:8:",
                                    "12345::",
                                    "g::",
                                    "::1.2.3",
                                    "1.2.3.4::",
                                    "1:2:3:4:5:6:7:1.2.3.4",
                                    "[::1]",
                                    "-1.2.3.4",
                                    "1..2.3",
                                    "1.2.3.",
                                    "1:2:3:4:5:6:7:8::",
                                    "::1:2:3:4:5:6:7:8"}) {
    EXPECT_EQ(verdict(from(ip)), "wrong_value /origin/ip") << ip;
  }
}

// Goal: sequence numbers are whole, from 0 to 2^64 - 1, plainly written.
TEST(Schema, takes_whole_sequence_numbers) {
  for (const std::string_view number : {"0", "1", "812", "18446744073709551615"})
    EXPECT_EQ(verdict(with("\"seq\":" + std::string(number))), "ok");
  for (const std::string_view number : {"-1", "-0", "1.0", "1e3", "18446744073709551616", "0.5"}) {
    EXPECT_EQ(verdict(with("\"seq\":" + std::string(number))), "wrong_value /seq") << number;
  }
}

// Goal: names are neither empty nor longer than 1,024 characters; texts may be both.
TEST(Schema, holds_names_to_their_length) {
  const std::string longest(1024, 'x');
  EXPECT_EQ(verdict(with("\"id\":\"" + longest + "\"")), "ok");
  EXPECT_EQ(verdict(with("\"id\":\"" + longest + "x\"")), "wrong_value /id");
  EXPECT_EQ(verdict(with(R"("id":"")")), "wrong_value /id");
  EXPECT_EQ(verdict(with(R"("targets":[{"type":"","id":"i"}])")), "wrong_value /targets/0/type");
  EXPECT_EQ(verdict(with(R"("changes":[{"field":""}])")), "wrong_value /changes/0/field");
  EXPECT_EQ(verdict(with("\"message\":\"" + longest + longest + "\"")), "ok");
  EXPECT_EQ(verdict(with(R"("message":"")")), "ok");
  std::string escaped;  // six characters in the text, one byte in the name
  for (int i = 0; i < 1024; ++i) escaped += "\\u0078";
  EXPECT_EQ(verdict(with("\"id\":\"" + escaped + "\"")), "ok");
  std::string wide;  // four bytes each
  for (int i = 0; i < 1024; ++i) wide += "\xF0\x9F\x97\xBF";
  EXPECT_EQ(verdict(with("\"id\":\"" + wide + "\"")), "ok");
  EXPECT_EQ(verdict(with("\"id\":\"" + wide + "x\"")), "wrong_value /id");
}

// Goal: unknown members pass, at every place.
TEST(Schema, lets_unknown_members_pass) {
  const Outcome out = outcome_of(with(R"("x":1,"attributes":{"time":5,"$ref":1},"origin":{"asn":64500},)"
                                      R"("targets":[{"type":"t","id":"i","more":{}}],"zzz":{"deep":[{"a":null}]})"));
  EXPECT_TRUE(out.ok) << out.error.message;
  EXPECT_TRUE(out.warnings.empty());
}

// Goal: members that look like misspelt ones are named, with their place and what was probably meant; no more than eight.
TEST(Schema, names_misspelt_members) {
  struct {
    std::string_view members, path, meant;
  } const cases[] = {
      {R"("mesage":"x")", "/mesage", "message"},
      {R"("Message":"x")", "/Message", "message"},
      {R"("severty":"x")", "/severty", "severity"},
      {R"("catgory":"x")", "/catgory", "category"},
      {R"("attribtues":{})", "/attribtues", "attributes"},
      {R"("origin":{"user-agent":"x"})", "/origin/user-agent", "user_agent"},
      {R"("target":[])", "/target", "targets"},
      {R"("ID":"x")", "/ID", "id"},
      {R"("outc\u006fmes":"x")", "/outcomes", "outcome"},
      {R"("mess/ge":"x")", "/mess~1ge", "message"},
      {R"("context":{"sesion":"x"})", "/context/sesion", "session"},
  };
  for (const auto& [members, path, meant] : cases) {
    const Outcome out = outcome_of(with(members));
    ASSERT_TRUE(out.ok) << members << ": " << out.error.message;
    ASSERT_EQ(out.warnings.size(), 1U) << members;
    EXPECT_EQ(out.warnings[0].code, "misspelt");
    EXPECT_EQ(out.warnings[0].path, path);
    EXPECT_NE(out.warnings[0].message.find("\"" + std::string(meant) + "\""), std::string::npos) << out.warnings[0].message;
  }
  EXPECT_TRUE(outcome_of(with(R"("message":"x","mesage":"y")")).warnings.empty()) << "the right one is there";
  std::string many;
  for (int i = 0; i < 12; ++i) many += (i == 0 ? "" : ",") + ("\"messag" + std::string(1, static_cast<char>('f' + i)) + "\":1");
  EXPECT_EQ(outcome_of(with(many)).warnings.size(), 8U);
  const Outcome missing = outcome_of(R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"acton":"a"})");
  EXPECT_EQ(missing.error.code, "missing");
  EXPECT_NE(missing.error.message.find("by \"acton\"?"), std::string::npos) << missing.error.message;
}

// Goal: a member is known by its name however it is spelt: an escape hides nothing.
TEST(Schema, knows_members_through_escapes) {
  EXPECT_EQ(verdict(R"({"tim\u0065":"2026-11-23T16:20:00Z","\u0061ctor":{"t\u0079pe":"user","id":"u"},"action":"a"})"), "ok");
  EXPECT_EQ(verdict(with(R"("outc\u006fme":"fine")")), "wrong_value /outcome");
  EXPECT_EQ(verdict(with(R"("\u0069d":5)")), "wrong_type /id");
}

// As much of JSON Schema (draft 2020-12) as event_schema() uses.
class Validator {
 public:
  static bool valid(simdjson::dom::element schema, simdjson::dom::element value) {
    for (const auto [keyword, rule] : simdjson::dom::object(schema)) {
      if (!holds(keyword, rule, schema, value)) return false;
    }
    return true;
  }

 private:
  static bool holds(std::string_view keyword, simdjson::dom::element rule, simdjson::dom::element schema,
                    simdjson::dom::element value) {
    if (keyword == "type") return is_type(std::string_view(rule), value);
    if (keyword == "enum") {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) return false;
      const simdjson::dom::array words = rule;
      return std::any_of(words.begin(), words.end(), [&](simdjson::dom::element word) { return std::string_view(word) == text; });
    }
    if (keyword == "anyOf") {
      const simdjson::dom::array choices = rule;
      return std::any_of(choices.begin(), choices.end(), [&](simdjson::dom::element choice) { return valid(choice, value); });
    }
    if (keyword == "required") return has_required(rule, value);
    if (keyword == "properties") return has_valid_properties(rule, value);
    if (keyword == "items") return has_valid_items(rule, value);
    if (keyword == "format" || keyword == "minLength" || keyword == "maxLength")
      return !value.is_string() || is_text(keyword, rule, value);
    if (keyword == "minimum") return !value.is_int64() || std::int64_t(value) >= std::int64_t(rule);
    for (const std::string_view known : {"maximum", "description", "title", "$schema"}) {
      if (keyword == known) return true;  // the maximum is that of the type
    }
    ADD_FAILURE() << "unknown keyword " << keyword << " in " << simdjson::minify(schema);
    return false;
  }
  static bool is_type(std::string_view type, simdjson::dom::element value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    ADD_FAILURE() << "unknown type " << type;
    return false;
  }
  static bool has_required(simdjson::dom::element names, simdjson::dom::element value) {
    if (!value.is_object()) return true;
    const simdjson::dom::array list = names;
    return std::all_of(list.begin(), list.end(), [&](simdjson::dom::element name) {
      return simdjson::dom::object(value).at_key(std::string_view(name)).error() == simdjson::SUCCESS;
    });
  }
  static bool has_valid_properties(simdjson::dom::element properties, simdjson::dom::element value) {
    if (!value.is_object()) return true;
    for (const auto [name, schema] : simdjson::dom::object(properties)) {
      simdjson::dom::element member;
      if (simdjson::dom::object(value).at_key(name).get(member) == simdjson::SUCCESS && !valid(schema, member)) return false;
    }
    return true;
  }
  static bool has_valid_items(simdjson::dom::element schema, simdjson::dom::element value) {
    if (!value.is_array()) return true;
    const simdjson::dom::array items = value;
    return std::all_of(items.begin(), items.end(), [&](simdjson::dom::element item) { return valid(schema, item); });
  }
  static bool is_text(std::string_view keyword, simdjson::dom::element rule, simdjson::dom::element value) {
    const std::string text(std::string_view{value});
    if (keyword == "minLength") return text.size() >= std::uint64_t(rule);  // of ASCII
    if (keyword == "maxLength") return text.size() <= std::uint64_t(rule);
    in6_addr address{};
    if (std::string_view(rule) == "ipv4") return inet_pton(AF_INET, text.c_str(), &address) == 1;
    if (std::string_view(rule) == "ipv6") return inet_pton(AF_INET6, text.c_str(), &address) == 1;
    EXPECT_EQ(std::string_view(rule), "date-time");
    return parse_time(text).has_value();
  }
};

// Goal: whoever checks against the published schema first is told the same as by the intake.
TEST(PublishedSchema, agrees_with_the_intake) {
  simdjson::dom::parser schema_parser;
  const std::string text = event_schema();
  simdjson::dom::element schema;
  ASSERT_EQ(schema_parser.parse(text).get(schema), simdjson::SUCCESS) << text;
  std::vector<std::string> events;
  const std::string_view values[] = {"null",
                                     "true",
                                     "0",
                                     "1",
                                     "-1",
                                     "18446744073709551615",
                                     "0.5",
                                     "\"\"",
                                     "\"x\"",
                                     "\"user\"",
                                     "\"success\"",
                                     "\"notice\"",
                                     "\"data_export\"",
                                     "\"2026-11-23T16:20:00Z\"",
                                     "\"203.0.113.9\"",
                                     "\"2001:db8::1\"",
                                     "[]",
                                     "{}",
                                     "[1]",
                                     "[{}]",
                                     R"({"type":"user","id":"u"})",
                                     R"({"type":"robot","id":"u"})",
                                     R"([{"type":"t","id":"i"}])",
                                     R"([{"type":"t","id":""}])",
                                     R"([{"field":"f","from":1}])",
                                     R"([{"field":1}])",
                                     R"({"ip":"::1"})",
                                     R"({"ip":"x"})",
                                     R"({"user_agent":1})",
                                     R"({"session":"s"})"};
  const std::pair<std::string_view, std::string_view> least[] = {
      {"time", "\"2026-11-23T16:20:00Z\""}, {"actor", R"({"type":"user","id":"u"})"}, {"action", "\"a\""}};
  for (const std::string_view member : {"id", "seq", "time", "actor", "action", "category", "outcome", "targets", "origin",
                                        "context", "changes", "severity", "message", "attributes", "other"}) {
    for (const std::string_view value : values) {
      std::string json = "{\"" + std::string(member) + "\":" + std::string(value);
      for (const auto& [name, good] : least) {
        if (name != member) json += ",\"" + std::string(name) + "\":" + std::string(good);
      }
      events.push_back(json + "}");
    }
  }
  for (const auto& [absent, value] : least) {
    std::string json;
    for (const auto& [name, good] : least) {
      if (name != absent) json += (json.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + std::string(good);
    }
    events.push_back(json + "}");
  }
  events.insert(events.end(), {"[]", "1", "{}", with("\"id\":\"" + std::string(1024, 'x') + "\""),
                               with("\"id\":\"" + std::string(1025, 'x') + "\"")});
  std::size_t taken = 0;
  simdjson::dom::parser parser;
  for (const std::string& json : events) {
    const Outcome out = outcome_of(json);
    taken += out.ok ? 1 : 0;
    EXPECT_EQ(Validator::valid(schema, parser.parse(json)), out.ok) << json << " " << out.error.message;
  }
  EXPECT_GT(taken, 50U);
  EXPECT_LT(taken, events.size() / 2);
}

// Goal: the schema is one JSON text that the strict reader takes, with every word of every enumeration in it.
TEST(PublishedSchema, is_whole) {
  JsonTape tape;
  JsonError error;
  const std::string text = event_schema();
  ASSERT_TRUE(tape.parse(text, {}, error)) << error.message;
  for (const auto words : {categories(), outcomes(), actor_types(), severities()}) {
    for (const std::string_view word : words) EXPECT_NE(text.find("\"" + std::string(word) + "\""), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace stele::event
