// Request bodies: where each event stands, and what is no body.
#include "event/body.h"

#include <gtest/gtest.h>

#include <string>

namespace stele::event {
namespace {

using namespace std::literals;
using Texts = std::vector<std::string_view>;

struct Case {
  std::string_view body;
  Texts events;  // none: refused
};

Texts split(std::string_view body, bool lines) {
  const auto events = split_events(body, lines, 1000);
  if (events) return *events;
  EXPECT_EQ(events.error().code, Code::kInvalid) << body;
  return {};
}

// Goal: one object, an array of them, or one a line, each told by its look.
TEST(SplitEvents, finds_the_events_of_a_body) {
  const Case cases[] = {
      {R"({"a":1})", {R"({"a":1})"}},
      {" \n{\"a\" :\n 1}\r\n ", {"{\"a\" :\n 1}"}},
      {"[{},{}]", {"{}", "{}"}},
      {"[ {\"a\":[1,2]} , {\"b\":{}}\n]\n", {R"({"a":[1,2]})", R"({"b":{}})"}},
      {R"([{"a":"],{\"[\\"},{"b":"}"}])", {R"({"a":"],{\"[\\"})", R"({"b":"}"})"}},
      {"{\"a\":1}\n{\"b\":2}\n", {R"({"a":1})", R"({"b":2})"}},
      {"{\"a\":1}\r\n\r\n{\"b\":2}", {R"({"a":1})", R"({"b":2})"}},
      {"{\"a\":\"\\\"}\"}\n{\"b\":2}", {R"({"a":"\"}"})", R"({"b":2})"}},
      // Not for this function to judge: what stands in an event's place is handed on.
      {"x", {"x"}},
      {"[1,\"x\",null]", {"1", "\"x\"", "null"}},
      {"[,]", {"", ""}},
      {"[{},]", {"{}", ""}},
      {"{\"a\"", {"{\"a\""}},
      {"{}{}", {"{}{}"}},
      // None of these.
      {"", {}},
      {" \r\n\t ", {}},
      {"[]", {}},
      {"[ ]", {}},
      {"[", {}},
      {"[{}", {}},
      {"[{},", {}},
      {"[{}{}]", {}},
      {"[{} x]", {}},
      {"[{}]x", {}},
      {"[{}][{}]", {}},
      {"[\"]", {}},
      {"[\"\\\"]", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(split(c.body, false), c.events) << c.body;
}

// Goal: what the sender calls lines is cut at newlines and nothing else, so that one broken line harms no other.
TEST(SplitEvents, cuts_lines_where_the_sender_says_so) {
  const Case cases[] = {
      {"{\"a\":1}\n[1]\nx\n", {R"({"a":1})", "[1]", "x"}},
      {"{\"a\":\n1}", {"{\"a\":", "1}"}},
      {"\n \n{}\n\n", {"{}"}},
      {"[{},{}]", {"[{},{}]"}},
      {"", {}},
      {"\n\r\n", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(split(c.body, true), c.events) << c.body;
}

// Goal: the number of events is limited exactly.
TEST(SplitEvents, takes_no_more_events_than_allowed) {
  for (const auto& [body, lines] :
       {std::pair{"[1,2,3]"sv, false}, std::pair{"{}\n{}\n{}"sv, false}, std::pair{"1\n2\n3\n"sv, true}}) {
    EXPECT_TRUE(split_events(body, lines, 3).ok()) << body;
    EXPECT_EQ(split_events(body, lines, 2).error().code, Code::kTooLarge) << body;
  }
}

}  // namespace
}  // namespace stele::event
