// The event texts of syslog messages, byte for byte, and that they are I-JSON whatever came.
#include "collect/syslog_event.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "collect/rules.h"

namespace stele::collect {
namespace {

using namespace std::literals;

constexpr std::string_view kReceivedText = "2026-11-23T16:20:05.000000000Z";

const normalise::Ruleset& no_rules() {
  static const normalise::Ruleset rules = std::move(normalise::Ruleset::make({})).value();
  return rules;
}

Normalised normalised(std::string_view line) {
  const UnixNanos received = parse_time(kReceivedText).value();
  Normalised out;
  syslog_event(parse_syslog(line, received), received, no_rules(), out);
  return out;
}

struct Case {
  std::string_view line, event, derived;
};

// Goal: each member, present and absent, and what is named as concluded.
TEST(SyslogEvent, writes_the_event_and_what_was_concluded) {
  const std::vector<Case> cases = {
      {R"(<86>1 2026-11-23T17:20:00.5+01:00 web-1 sshd 812 ID47 [x@1 ip="203.0.113.9" q="\"\\\]"] Accepted "ada")",
       R"({"time":"2026-11-23T17:20:00.5+01:00","actor":{"type":"process","id":"sshd[812]@web-1","name":"sshd"},)"
       R"("action":"syslog.message","category":"authentication","outcome":"unknown","severity":"info",)"
       R"("message":"Accepted \"ada\"","attributes":{"facility":"authpriv","host":"web-1","app":"sshd",)"
       R"("pid":"812","msgid":"ID47","structured_data":{"x@1":{"ip":"203.0.113.9","q":"\"\\]"}}}})",
       R"({"by":"syslog/rfc5424@1","fields":["actor","action","category","outcome"]})"},
      {"<110>Nov 23 16:20:00 web-1 auditd: x",
       R"({"time":"2026-11-23T16:20:00.000000000Z","actor":{"type":"process","id":"auditd@web-1","name":"auditd"},)"
       R"("action":"syslog.message","category":"security_event","outcome":"unknown","severity":"info",)"
       R"("message":"x","attributes":{"facility":"audit","host":"web-1","app":"auditd"}})",
       R"({"by":"syslog/rfc3164@1","fields":["time","actor","action","category","outcome"]})"},
      {"just text",
       R"({"time":"2026-11-23T16:20:05.000000000Z","actor":{"type":"process","id":"unknown"},)"
       R"("action":"syslog.message","category":"system_activity","outcome":"unknown","severity":"notice",)"
       R"("message":"just text"})",
       R"({"by":"syslog/free@1","fields":["time","actor","action","category","outcome","severity"],"unattributed":true})"},
      {"2026-11-23T16:20:00Z web-1 a: no PRI",
       R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"process","id":"a@web-1","name":"a"},)"
       R"("action":"syslog.message","category":"system_activity","outcome":"unknown","severity":"notice",)"
       R"("message":"no PRI","attributes":{"host":"web-1","app":"a"}})",
       R"({"by":"syslog/rfc3164@1","fields":["actor","action","category","outcome","severity"]})"},
      {"<0>1 2026-13-23T16:20:00Z - - - - -",
       R"({"time":"2026-11-23T16:20:05.000000000Z","actor":{"type":"process","id":"unknown"},)"
       R"("action":"syslog.message","category":"system_activity","outcome":"unknown","severity":"emergency",)"
       R"("attributes":{"facility":"kern","timestamp":"2026-13-23T16:20:00Z"}})",
       R"({"by":"syslog/rfc5424@1","fields":["time","actor","action","category","outcome"],"unattributed":true})"},
  };
  for (const auto& [line, event, derived] : cases) {
    const Normalised out = normalised(line);
    EXPECT_EQ(out.event, event) << line;
    EXPECT_EQ(out.derived, derived) << line;
  }
}

simdjson::dom::element parse(simdjson::dom::parser& parser, const std::string& json) {
  simdjson::dom::element root;
  EXPECT_EQ(parser.parse(json).get(root), simdjson::SUCCESS) << json;
  return root;
}

std::string member(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  return simdjson::minify(parse(parser, json).at_pointer(pointer).value());
}

// Goal: the actor's id names what is known, and its parts stay text and bounded whatever they are.
TEST(SyslogEvent, names_the_actor) {
  struct Row {
    std::string_view line, actor;
  };
  for (const auto& [line, actor] : std::vector<Row>{
           {"<13>1 - web-1 sshd 812 - - x", R"({"type":"process","id":"sshd[812]@web-1","name":"sshd"})"},
           {"<13>1 - web-1 sshd - - - x", R"({"type":"process","id":"sshd@web-1","name":"sshd"})"},
           {"<13>1 - - sshd 812 - - x", R"({"type":"process","id":"sshd[812]","name":"sshd"})"},
           {"<13>1 - - sshd - - - x", R"({"type":"process","id":"sshd","name":"sshd"})"},
           {"<13>1 - web-1 - - - - x", R"({"type":"process","id":"@web-1"})"},
           {"<13>1 - web-1 - 812 - - x", R"({"type":"process","id":"[812]@web-1"})"},
           {"<13>1 - - - 812 - - x", R"({"type":"process","id":"unknown"})"},
           {"<13>1 - w\xff\xc3\xa9 a\x80\"b - - - x",
            "{\"type\":\"process\",\"id\":\"a\xef\xbf\xbd<80>\\\"b@w\xef\xbf\xbd<ff>\xc3\xa9\",\"name\":\"a\xef\xbf\xbd<80>"
            "\\\"b\"}"},
       }) {
    const Normalised out = normalised(line);
    EXPECT_EQ(member(out.event, "/actor"), actor) << line;
    EXPECT_EQ(out.derived.find("unattributed") != std::string::npos, actor.find("unknown") != std::string_view::npos);
  }
  const std::string part(kSyslogFieldMax, '\xff');
  const Normalised out = normalised("<13>1 - " + part + " " + part + " " + part + " - - x");
  simdjson::dom::parser parser;
  const std::string_view id = parse(parser, out.event)["actor"]["id"];
  EXPECT_LE(id.size(), 1024U);
  EXPECT_TRUE(id.ends_with("\xe2\x80\xa6"));
}

// Goal: every facility and severity has its name, and three facilities their category.
TEST(SyslogEvent, names_every_facility_and_severity) {
  const std::vector<std::string> severities = {"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};
  for (int pri = 0; pri < 192; ++pri) {
    const Normalised out = normalised("<" + std::to_string(pri) + ">x");
    const int facility = pri / 8;
    const std::string category = facility == 4 || facility == 10 ? "authentication"
                                 : facility == 13                ? "security_event"
                                                                 : "system_activity";
    EXPECT_EQ(member(out.event, "/severity"), "\"" + severities[static_cast<std::size_t>(pri % 8)] + "\"");
    EXPECT_EQ(member(out.event, "/category"), "\"" + category + "\"");
    if (facility >= 16) {
      EXPECT_EQ(member(out.event, "/attributes/facility"), "\"local" + std::to_string(facility - 16) + "\"");
    }
  }
  EXPECT_EQ(member(normalised("<0>x").event, "/attributes/facility"), "\"kern\"");
  EXPECT_EQ(member(normalised("<120>x").event, "/attributes/facility"), "\"clock\"");
}

// Goal: structured data as an object: repeats become arrays at their first place, reserved objects are escaped, keys that
// are not UTF-8 stay distinct, values that are not are kept exactly.
TEST(SyslogEvent, writes_structured_data_without_repeating_a_key) {
  struct Row {
    std::string_view data, json;
  };
  for (const auto& [data, json] : std::vector<Row>{
           {R"([a])", R"({"a":{}})"},
           {R"([a x="1" y="2"][b])", R"({"a":{"x":"1","y":"2"},"b":{}})"},
           {R"([a x="1" y="2" x="3" x="1"])", R"({"a":{"x":["1","3","1"],"y":"2"}})"},
           {R"([a x="1"][b][a x="2"][a])", R"({"a":[{"x":"1"},{"x":"2"},{}],"b":{}})"},
           {R"([a x="]\]\"\\\n"])", R"({"a":{"x":"]]\"\\\\n"}})"},
           {R"([$a x="1"])", R"({"$literal":{"$a":{"x":"1"}}})"},
           {R"([$a][$a])", R"({"$literal":{"$a":[{},{}]}})"},
           {R"([$a][b])", R"({"$a":{},"b":{}})"},
           {R"([a $base64="AA=="])", R"({"a":{"$literal":{"$base64":"AA=="}}})"},
           {R"([a $x="1" $x="2"])", R"({"a":{"$literal":{"$x":["1","2"]}}})"},
           {R"([a $x="1" y="2"])", R"({"a":{"$x":"1","y":"2"}})"},
           {R"([$literal $literal="1"])", R"({"$literal":{"$literal":{"$literal":{"$literal":"1"}}}})"},
           {"[a x=\"\xff\"]", R"({"a":{"x":{"$base64":"/w=="}}})"},
           {"[a x=\"\\\"\xff\"]", R"({"a":{"x":{"$base64":"Iv8="}}})"},
           {"[a\xff \xfe=\"1\" \xfd=\"2\" \xfe=\"3\"]",
            "{\"a\xef\xbf\xbd<ff>\":{\"\xef\xbf\xbd<fe>\":[\"1\",\"3\"],\"\xef\xbf\xbd<fd>\":\"2\"}}"},
           {"[a \xff=\"1\" \xef\xbf\xbd<ff>=\"2\"]",
            "{\"a\":{\"\xef\xbf\xbd<ff>\":\"1\",\"\xef\xbf\xbd<ef>\xef\xbf\xbd<bf>\xef\xbf\xbd<bd><ff>\":\"2\"}}"},
           {"[\xc3\xa9 \xf0\x9f\x98\x80=\"\xc3\xa9\"]", "{\"\xc3\xa9\":{\"\xf0\x9f\x98\x80\":\"\xc3\xa9\"}}"},
           {"[\0 \x01=\"\x02\"]"sv, R"({"\u0000":{"\u0001":"\u0002"}})"},
       }) {
    const Normalised out = normalised("<13>1 - h a p m " + std::string(data) + " x");
    EXPECT_NE(out.event.find(R"("structured_data":)" + std::string(json) + "}}"), std::string::npos) << data << '\n' << out.event;
    EXPECT_EQ(member(out.event, "/message"), "\"x\"");
  }
}

// Goal: bytes that are not UTF-8, NULs and control characters, in each field, come out as valid JSON and lose nothing.
TEST(SyslogEvent, keeps_bytes_that_are_not_text) {
  const Normalised out = normalised("<13>1 - \xff \xfe \xfd \xfc - \xc0\x80\0z"sv);
  EXPECT_EQ(member(out.event, "/attributes"), R"({"facility":"user","host":{"$base64":"/w=="},"app":{"$base64":"/g=="},)"
                                              R"("pid":{"$base64":"/Q=="},"msgid":{"$base64":"/A=="}})");
  EXPECT_EQ(member(out.event, "/message"), R"({"$base64":"wIAAeg=="})");
  EXPECT_EQ(member(normalised("a\0b\x1f\x7f\tc"sv).event, "/message"), "\"a\\u0000b\\u001f\x7f\\tc\"");
}

// Goal: the lexeme of the sender's time is kept only where it is RFC 3339; all others are written as Stele writes them.
TEST(SyslogEvent, keeps_the_lexeme_of_the_time) {
  struct Row {
    std::string_view line, time;
    bool concluded;
  };
  for (const auto& [line, time, concluded] : std::vector<Row>{
           {"<13>2026-11-23t16:20:00.10z h a: x", "2026-11-23t16:20:00.10z", false},
           {"<13>2026-11-23T16:20:00+0100 h a: x", "2026-11-23T15:20:00.000000000Z", false},
           {"<13>2026-11-23T16:20:00 h a: x", "2026-11-23T16:20:00.000000000Z", true},
           {"<13>Nov 23 2026 16:20:00 UTC: x", "2026-11-23T16:20:00.000000000Z", false},
           {"<13>Nov 23 16:20:00 h a: x", "2026-11-23T16:20:00.000000000Z", true},
           {"<13>1 - h a - - - x", kReceivedText, true},
       }) {
    const Normalised out = normalised(line);
    EXPECT_EQ(member(out.event, "/time"), "\"" + std::string(time) + "\"") << line;
    EXPECT_EQ(out.derived.find("\"time\"") != std::string::npos, concluded) << line;
  }
}

// Goal: rules see the program and what it wrote, whatever path, module or relay stands around them; the event keeps all of it.
TEST(SyslogEvent, shows_rules_what_the_program_wrote) {
  const auto rules = load_rules(io::posix(), "");
  ASSERT_TRUE(rules.ok());
  for (const std::string_view line :
       {"<38>Nov 23 16:20:00 h /usr/sbin/sshd[1]: Failed password for ada from 203.0.113.9 port 1 ssh2",
        "<38>Nov 23 16:20:00 h sshd(x)[1]: Failed password for ada from 203.0.113.9 port 1 ssh2",
        "<38>Nov 23 16:20:00 h sshd[1]: [ID 800047 auth.info] Failed password for ada from 203.0.113.9 port 1 ssh2",
        "<38>Nov 23 16:20:00 h sshd[1]: message repeated 5 times: [ Failed password for ada from 203.0.113.9 port 1 ssh2]"}) {
    Normalised out;
    syslog_event(parse_syslog(line, 0), 0, *rules, out);
    EXPECT_NE(out.event.find(R"("actor":{"type":"user","id":"ada"},"action":"ssh.login")"), std::string::npos) << out.event;
    EXPECT_NE(out.event.find("Failed password for ada"), std::string::npos);
    EXPECT_EQ(out.event.find("message repeated") != std::string::npos, line.find("repeated") != std::string_view::npos);
  }
}

// Goal: what an earlier message left in the buffers does not show in the next.
TEST(SyslogEvent, writes_over_what_the_buffers_held) {
  Normalised out = normalised(R"(<13>1 - h a p m [a x="1"] a long message)");
  syslog_event(parse_syslog("<13>a: x", 0), 0, no_rules(), out);
  EXPECT_EQ(
      out.event,
      R"({"time":"1970-01-01T00:00:00.000000000Z","actor":{"type":"process","id":"a","name":"a"},"action":"syslog.message",)"
      R"("category":"system_activity","outcome":"unknown","severity":"notice","message":"x",)"
      R"("attributes":{"facility":"user","app":"a"}})");
}

}  // namespace
}  // namespace stele::collect
