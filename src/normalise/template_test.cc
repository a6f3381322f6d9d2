#include "normalise/template.h"

#include <gtest/gtest.h>

namespace stele::normalise {
namespace {

using namespace std::literals;

class Templates : public testing::Test {
 protected:
  Templates() {
    event::JsonError error;
    EXPECT_TRUE(
        tape.parse(R"({"a":{"b":[{"c":"deep"},{"c":7}],"n":null,"e":"","t":true},"x.y":"dotted","q":"é\u0041","o":{"$r":1}})",
                   {4096, 16, 100}, error));
    record.set_document(&tape);
    record.set("app", "sshd");
    record.set("raw", "\xff\x01");
    record.set_text("the text");
  }

  std::optional<std::string> text(std::string_view of) {
    const auto parsed = Template::parse(of);
    EXPECT_TRUE(parsed.ok()) << of << ": " << parsed.error().message;
    std::string out = "<";
    if (!parsed->append_text(scope(), out)) {
      EXPECT_EQ(out, "<") << "left as it was";
      return std::nullopt;
    }
    return out.substr(1);
  }
  std::optional<std::string> json(std::string_view of) {
    std::string out;
    if (!Template::parse(of)->append_json(scope(), out)) return std::nullopt;
    return out;
  }
  Scope scope() { return {record, group_names, groups, element}; }

  event::JsonTape tape;
  Record record;
  std::vector<std::string> group_names{"user", "none"};
  std::vector<std::string_view> groups{"ada", ""};
  std::uint32_t element = 0;
};

// Goal: names stand for groups, then fields, then members of the document; the first that is there counts.
TEST_F(Templates, put_values_in_place_of_names) {
  EXPECT_EQ(text("plain"), "plain");
  EXPECT_EQ(text("{user}@{app}"), "ada@sshd");
  EXPECT_EQ(text("{none|app}"), "sshd");
  EXPECT_EQ(text("{none|nothing|'a|b'}"), "a|b");
  EXPECT_EQ(text("{none|''}"), "");
  EXPECT_EQ(text("{{{user}}}"), "{ada}");
  EXPECT_EQ(text("{message}"), "the text");
  EXPECT_EQ(text("{a.b.0.c}/{a.b.1.c}/{a.t}"), "deep/7/true");
  EXPECT_EQ(text("{x.y}"), "dotted");
  EXPECT_EQ(text("{q}"), "éA");
  EXPECT_EQ(text("{raw}"), "\xff\x01");
  for (const std::string_view absent :
       {"{none}", "x{nothing}", "{a.n}", "{a.e}", "{a.b.2}", "{a.b.x}", "{app.x}", "{a..b}", "{.}"})
    EXPECT_EQ(text(absent), std::nullopt) << absent;
}

// Goal: one name alone keeps what a document has there; all else is a string, and what is not UTF-8 is no lie about it.
TEST_F(Templates, keep_the_form_of_a_value) {
  EXPECT_EQ(json("{a.b}"), R"([{"c":"deep"},{"c":7}])");
  EXPECT_EQ(json("{a.t}"), "true");
  EXPECT_EQ(json("{a.b.1.c}"), "7");
  EXPECT_EQ(json("x{a.b.1.c}"), "\"x7\"");
  EXPECT_EQ(json("{user}"), "\"ada\"");
  EXPECT_EQ(json("{raw}"), R"({"$base64":"/wE="})");
  EXPECT_EQ(json("{o}"), R"({"$literal":{"$r":1}})") << "a reserved object is escaped";
  EXPECT_EQ(json("{none}"), std::nullopt);
}

// Goal: within an array, the element's members go before the document's.
TEST_F(Templates, look_at_the_element_first) {
  element = *record.node("a.b.0");
  EXPECT_EQ(text("{c}"), "deep");
  EXPECT_EQ(text("{x.y}"), "dotted");
  EXPECT_EQ(json("{.}"), R"({"c":"deep"})");
}

// Goal: what is no template is said, not guessed.
TEST_F(Templates, refuse_what_cannot_be_meant) {
  for (const std::string_view bad : {"", "{", "}", "{a", "a}", "{}", "{a|}", "{|a}", "{a b}", "{'text'}", "{a|'x}", "{a|'x'|b}"})
    EXPECT_EQ(Template::parse(bad).error().code, Code::kInvalid) << bad;
}

}  // namespace
}  // namespace stele::normalise
