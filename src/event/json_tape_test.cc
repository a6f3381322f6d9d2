// The I-JSON reader: what the grammar takes and refuses, lexemes kept, limits, and where errors are said to be.
#include "event/json_tape.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>

#include "base/json_text.h"
#include "support/prng.h"

namespace stele::event {
namespace {

using namespace std::literals;
using testing::Prng;

constexpr JsonLimits kWide{1U << 20, 1000, 100'000};

// The minified text, or the error's code.
std::string read(std::string_view json, const JsonLimits& limits = {}) {
  JsonTape tape;
  JsonError error;
  if (tape.parse(json, limits, error)) return std::string(tape.text());
  EXPECT_TRUE(tape.nodes().empty() && tape.text().empty()) << "not empty after an error: " << json;
  EXPECT_FALSE(error.message.empty());
  EXPECT_TRUE(is_utf8(error.message) && is_utf8(error.path));
  return error.code;
}

JsonError error_of(std::string_view json, const JsonLimits& limits = {}) {
  JsonTape tape;
  JsonError error;
  EXPECT_FALSE(tape.parse(json, limits, error)) << json;
  return error;
}

// Goal: what JSON is, is taken, and nothing of it is changed.
TEST(JsonTape, takes_what_json_is) {
  for (const std::string_view json :
       {// Values alone.
        "null"sv, "true"sv, "false"sv, "0"sv, "-0"sv, "1"sv, "\"\""sv, "\"a\""sv, "[]"sv, "{}"sv, "-1"sv, "42"sv, R"(" ")"sv,
        // Arrays.
        "[[]]"sv, R"([""])"sv, "[null]"sv, R"([null,1,"1",{}])"sv, "[1,null,null,null,2]"sv, "[false]"sv, "[[1],[2,[3]]]"sv,
        // Numbers, as written.
        "[123e65]"sv, "[0e+1]"sv, "[0e1]"sv, "[0E1]"sv, "[20e1]"sv, "[-0]"sv, "[-123]"sv, "[-1]"sv, "[1E22]"sv, "[1E-2]"sv,
        "[1E+2]"sv, "[123e45]"sv, "[123.456e78]"sv, "[1e-2]"sv, "[1e+2]"sv, "[123]"sv, "[123.456789]"sv,
        "[1.000000000000000000000000000000001]"sv,
        "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"sv, "[0.10]"sv, "[1.50e+007]"sv,
        "[18446744073709551616]"sv, "[123456789012345678901234567890]"sv, "[1e9999]"sv, "[-1e-9999]"sv, "[-0.0e-0]"sv,
        // Objects.
        R"({"asd":"sdf","dfg":"fgh"})"sv, R"({"asd":"sdf"})"sv, R"({"":0})"sv, R"({"foo\u0000bar":42})"sv,
        R"({"min":-1.0e+28,"max":1.0e+28})"sv, R"({"x":[{"id":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}],"id":"y"})"sv,
        R"({"a":[]})"sv, R"({"a":{"a":{"a":1}}})"sv,
        R"({"title":"\u041f\u043e\u043b\u0442\u043e\u0440\u0430 \u0417\u0435\u043c\u043b\u0435\u043a\u043e\u043f\u0430"})"sv,
        // Strings and their escapes, as written.
        R"(["\u0060\u012a\u12AB"])"sv, R"(["\uD801\udc37"])"sv, R"(["\ud83d\ude39\ud83d\udc8d"])"sv, R"(["\"\\\/\b\f\n\r\t"])"sv,
        R"(["\\u0000"])"sv, R"(["\""])"sv, R"(["a/*b*/c/*d//e"])"sv, R"(["\\a"])"sv, R"(["\\n"])"sv, R"(["\u0012"])"sv,
        R"(["\uFFFF"])"sv, R"(["asd"])"sv, R"(["\uDBFF\uDFFF"])"sv, R"(["\ud800\udc00\ud7ff\ue000"])"sv, R"(["new\u00A0line"])"sv,
        "[\"\xf4\x8f\xbf\xbf\"]"sv, "[\"\xef\xbf\xbf\"]"sv, R"(["\u0000"])"sv, R"(["\u002c"])"sv, "[\"\xcf\x80\"]"sv,
        "[\"\xf0\x9b\xbf\xbf\"]"sv, "[\"\xe2\x80\xa8\"]"sv, "[\"\xe2\x80\xa9\"]"sv, "[\"\x7f\"]"sv, R"(["\u0821"])"sv,
        R"(["\u0123"])"sv, R"(["\u0061\u30af\u30EA\u30b9"])"sv, R"(["\uA66D"])"sv, R"(["\u005C"])"sv, R"(["\u0022"])"sv,
        R"(["\u200B"])"sv, R"(["\u2064"])"sv, R"(["\uFDD0"])"sv, R"(["\uFFFE"])"sv, "[\"\xe2\x82\xac\xf0\x9d\x84\x9e\"]"sv,
        "[\"a\x7f"
        "a\"]"sv,
        R"([" , : [ ] { } "])"sv}) {
    EXPECT_EQ(read(json), json);
    EXPECT_EQ(read(" \t\r\n" + std::string(json) + "\n\r\t "), json);
  }
}

// Goal: white space between tokens goes, and none within strings.
TEST(JsonTape, strips_white_space_between_tokens) {
  constexpr std::string_view kMinified = R"({"a b":[1,-2.5,true,null,"x y",{}],"":"\" \\"})";
  EXPECT_EQ(read(R"( { "a b" : [ 1 , -2.5 , true , null , "x y" , { } ] , "" : "\" \\" } )"), kMinified);
  EXPECT_EQ(read("{\"a b\"\n:\n[\n1\n,\n-2.5\n,\ntrue\n,\nnull\n,\n\"x y\"\n,\n{\n}\n]\n,\n\"\"\n:\n\"\\\" \\\\\"\n}"),
            kMinified);
  EXPECT_EQ(read("{\t\"a b\":\t\t[1,\t-2.5,\ttrue,\tnull,\t\"x y\",\t{}],\t\"\":\t\"\\\" \\\\\"\t}"), kMinified);
}

// Goal: white space separates: what it stands between is not run together.
TEST(JsonTape, does_not_join_what_white_space_separates) {
  for (const std::string_view json :
       {"[1 2]"sv, "[1 000.0]"sv, "[- 1]"sv, "[1 .5]"sv, "[1. 5]"sv, "[1 e5]"sv, "[1e 5]"sv, "[1e+ 5]"sv, "[0 1]"sv, "[tr ue]"sv,
        "[n\null]"sv, "fal\tse"sv, "1 2"sv, "{\"a\":1\r\n2}"sv, R"({"a":"b","c":3 4})"sv,
        R"({"a" : [ 1 , { "b" : "x y" , "c" : 1  7 } ] })"sv, "[true false]"sv}) {
    EXPECT_EQ(read(json), "invalid_json") << json;
  }
  EXPECT_EQ(error_of(R"({"a" : [ 1 , { "b" : "x y" , "c" : 1  7 } ] })").path, "/a/1/c");
}

// Goal: what JSON is not, is refused.
TEST(JsonTape, refuses_what_json_is_not) {
  for (const std::string_view json :
       {// Nothing, or not only one value.
        ""sv, " "sv, "\n"sv, "\0"sv, "1,"sv, "1 1"sv, "[]]"sv, "[][]"sv, "{}{}"sv, R"({"a":true}"x")"sv, R"({"a":"b"}/**/)"sv,
        R"({"a":"b"}#)"sv, R"({"a":"b"}#{})"sv, "[1]x"sv, "2@"sv, "[]\0"sv, "[1]\0"sv, "null null"sv, "\"a\"\"b\""sv, "\"\"1"sv,
        // Arrays.
        "["sv, "]"sv, "[["sv, "[1"sv, "[1,"sv, "[1,\n1\n,1"sv, "[\"a\","sv, "[,"sv, "[,]"sv, "[,1]"sv, "[1,,2]"sv, "[1,,]"sv,
        "[1,]"sv, R"(["",])"sv, "[1:2]"sv,
        R"(["x"])"
        "]"sv,
        "[3[4]]"sv, "[x"sv, "[*]"sv, "[-]"sv, R"(["": 1])"sv, "[1 true]"sv, R"(["a" 1])"sv, "[\"a\"\n\"b\"]"sv, "[\v]"sv,
        "[\f]"sv, "[<null>]"sv, "[<.123123>]"sv, "abc"sv, "[\xe2\x81\xa0]"sv, "[\"\"],"sv, "[{}"sv, "[true"sv, "[}"sv, "[1}"sv,
        // Words.
        "[nul]"sv, "[fals]"sv, "[tru]"sv, "[NULL]"sv, "[True]"sv, "[TRUE]"sv, "[nulll]"sv, "[truex]"sv, "nan"sv, "[NaN]"sv,
        "[Infinity]"sv, "[-Infinity]"sv, "[Inf]"sv, "t"sv, "undefined"sv,
        // Numbers.
        "[+1]"sv, "[++1234]"sv, "[+Inf]"sv, "[-01]"sv, "[-1.0.]"sv, "[-2.]"sv, "[-NaN]"sv, "[.-1]"sv, "[.2e-3]"sv, "[0.1.2]"sv,
        "[0.3e+]"sv, "[0.3e]"sv, "[0.e1]"sv, "[0e+]"sv, "[0e]"sv, "[0E+]"sv, "[0E]"sv, "[1.0e+]"sv, "[1.0e-]"sv, "[1.0e]"sv,
        "[1eE2]"sv, "[2.e+3]"sv, "[2.e-3]"sv, "[2.e3]"sv, "[9.e+]"sv, "[1+2]"sv, "[0x1]"sv, "[0x42]"sv, "[-foo]"sv, "[-012]"sv,
        "[-.123]"sv, "[-1x]"sv, "[1ea]"sv, "[1.]"sv, "[.123]"sv, "[1.2a-3]"sv, "[1.8011670033376514H-308]"sv, "[012]"sv, "[00]"sv,
        "-"sv, "[--1]"sv, "[1_000]"sv, "\xef\xbc\x91"sv, "[1e1.5]"sv, "[1e+-2]"sv, "01"sv, "[-]"sv, "[e1]"sv,
        // Objects.
        "{"sv, "}"sv, "{,"sv, "{[\"x\"}"sv, R"({"x",null})"sv, R"({"x"::"b"})"sv, R"({"a":"a" 123})"sv, R"({key: 'value'})"sv,
        R"({"a" b})"sv, R"({:"b"})"sv, R"({"a" "b"})"sv, R"({"a":)"sv, R"({"a")"sv, R"({1:1})"sv, "{9999E9999:1}"sv,
        "{null:null,null:null}"sv, R"({"id":0,,,,,})"sv, "{'a':0}"sv, R"({"id":0,})"sv, R"({"a":"b",,"c":"d"})"sv,
        R"({a: "b"})"sv, R"({"a":"a)"sv, R"({ "foo" : "bar", "a" })"sv, R"({"":)"sv, R"({"a":/*comment*/"b"})"sv, R"({"a":1)"sv,
        R"({"a":1]})"sv, R"({"a":1,"b"})"sv, R"({"a"])"sv, R"({"a":}})"sv, "{]"sv, "{{}}"sv, R"({"a":1"b":2})"sv,
        // Strings.
        "\""sv, "\"a"sv, "a\""sv, R"(["\)"sv, R"(["\"])"sv, R"(["\\\"])"sv, R"(["\x00"])"sv, "[\"\\\t\"]"sv, R"(["\a"])"sv,
        R"(["\'"])"sv, R"(["\U0041"])"sv, "[\"\\\xf0\x9f\x8c\x80\"]"sv, R"(["\{["\{)"sv, R"(["\u"])"sv, R"(["\u00A"])"sv,
        R"(["\uqqqq"])"sv, R"(["\u12 4"])"sv, R"(["\u-123"])"sv, R"(["\u)"sv, R"("\u00)"sv, R"("\)"sv, "['single quote']"sv,
        "[\"a\nb\"]"sv, "[\"a\tb\"]"sv, "[\"a\0b\"]"sv, "[\"\x1f\"]"sv, "\"\x01\""sv, R"(["\uD834\uD])"sv, R"(["\uD834\)"sv,
        // Marks at the front and others' dialects.
        "\xef\xbb\xbf{}"sv, "\xef\xbb\xbf"sv, "\xfe\xff"sv, "// x\n1"sv, "/**/1"sv, "#1"sv, "`1`"sv, "[\\n]"sv, R"([\u000A""])"sv,
        R"(\u0061)"sv, "(1)"sv, "1;"sv, "\xc2\xa0[]"sv, "[\xe2\x80\x83]"sv}) {
    EXPECT_EQ(read(json), "invalid_json") << json;
  }
}

// Goal: I-JSON's own refusals: no lone surrogates, in names either, and nothing but UTF-8.
TEST(JsonTape, refuses_what_i_json_forbids) {
  for (const std::string_view json : {R"(["\uDADA"])"sv,
                                      R"(["\udc00"])"sv,
                                      R"(["\udfff"])"sv,
                                      R"(["\udbff"])"sv,
                                      R"(["\udbff\udbff"])"sv,
                                      R"(["\ud800\ue000"])"sv,
                                      R"(["\ud800x\udc00"])"sv,
                                      R"(["\uD888\u1234"])"sv,
                                      R"(["\uD800\n"])"sv,
                                      R"(["\uDd1ea"])"sv,
                                      R"(["\uD800\uD800\n"])"sv,
                                      R"(["\ud800"])"sv,
                                      R"(["\ud800abc"])"sv,
                                      R"(["\uDFAA"])"sv,
                                      R"(["\uDd1e\uD834"])"sv,
                                      R"(["\uD800\u"])"sv,
                                      R"(["\uD800\u1"])"sv,
                                      R"(["\uD800\u1x"])"sv,
                                      R"(["\uD834\uDd1e\uD834"])"sv,
                                      R"({"\uD800":1})"sv,
                                      R"(["\uDC00\uD800"])"sv,
                                      "[\"\xed\xa0\x80\"]"sv,
                                      "[\"\xc0\x80\"]"sv,
                                      "[\"\xc0\xaf\"]"sv,
                                      "[\"\xfc\x83\xbf\xbf\xbf\xbf\"]"sv,
                                      "[\"\xe0\x80\x80\"]"sv,
                                      "[\"\xff\"]"sv,
                                      "[\"\x81\"]"sv,
                                      "[\"\xf4\xbf\xbf\xbf\"]"sv,
                                      "[\"\xe9\"]"sv,
                                      "[\"\xe6\x97\xa5\xd1\x88\xfa\"]"sv,
                                      "[\xff]"sv,
                                      "{\"\xb9\":\"0\"}"sv,
                                      "\xe5"sv,
                                      "[\"\xc3 \xa9\"]"sv,
                                      "[a\xe5]"sv,
                                      "\"\xe2\x82\""sv}) {
    EXPECT_EQ(read(json), "invalid_json") << json;
  }
}

// Goal: no name stands twice in one object, however it is spelt; the same name elsewhere is another.
TEST(JsonTape, refuses_a_name_that_stands_twice) {
  for (const std::string_view json :
       {R"({"a":1,"a":1})"sv, R"({"a":1,"b":2,"a":3})"sv, R"({"":1,"":2})"sv, R"({"a":1,"\u0061":2})"sv,
        R"({"\u0061":1,"a":2})"sv, R"({"\u0061":1,"\u0061":2})"sv, R"({"/":1,"\/":2})"sv, R"({"\n":1,"\u000a":2})"sv,
        R"({"\ud83d\ude39":1,"😹":2})"sv, R"({"é":1,"\u00e9":2})"sv, R"({"x":{"a":1,"a":1}})"sv, R"([1,{"a":{},"a":[]}])"sv,
        R"({"a":1,"b":{"a":1},"a":2})"sv, R"({"a\u0000":1,"a\u0000":2})"sv}) {
    EXPECT_EQ(read(json), "duplicate_key") << json;
  }
  for (const std::string_view json :
       {R"({"a":{"a":{"a":1}},"b":{"a":1}})"sv, R"([{"a":1},{"a":1}])"sv, R"({"a":1,"A":2})"sv, R"({"a":1,"a ":2,"":3})"sv,
        R"({"a\u0000":1,"a":2,"a\u0000b":3})"sv, R"({"\u0061\\":1,"\u0061":2})"sv, "{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"sv}) {
    EXPECT_EQ(read(json), json);
  }
}

// Goal: the same in objects of every number of members, with the pair at any two places.
TEST(JsonTape, finds_a_repeated_name_among_any_number) {
  constexpr std::uint64_t kSeed = 12;
  Prng random(kSeed);
  for (std::size_t count = 2; count < 40; ++count) {
    for (int round = 0; round < 10; ++round) {
      const std::size_t one = random.below(count);
      const std::size_t other = random.below(count);
      const bool spelt = random.chance(1, 2);
      std::string json = "{";
      for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) json += ',';
        const std::size_t name = i == other ? one : i;
        json += i == other && spelt ? "\"\\u006e" : "\"n";
        json += std::to_string(name) + "\":0";
      }
      json += '}';
      EXPECT_EQ(read(json), one == other ? json : "duplicate_key") << "seed " << kSeed;
    }
  }
}

// Goal: the limits hold exactly.
TEST(JsonTape, holds_its_limits) {
  const auto nested = [](std::size_t depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
  };
  JsonLimits limits{1000, 5, 1000};
  EXPECT_EQ(read(nested(5, '[', ']'), limits), nested(5, '[', ']'));
  EXPECT_EQ(read(nested(6, '[', ']'), limits), "too_deep");
  EXPECT_EQ(read(R"({"a":{"a":{"a":{"a":{}}}}})", limits), R"({"a":{"a":{"a":{"a":{}}}}})");
  EXPECT_EQ(read(R"({"a":{"a":{"a":{"a":[{}]}}}})", limits), "too_deep");
  EXPECT_EQ(read(R"([[],[[]],[[[[]]]],1])", limits), R"([[],[[]],[[[[]]]],1])");
  EXPECT_EQ(read(std::string(100'000, '['), {1U << 20, 64, 1U << 20}), "too_deep");
  limits = {10, 32, 1000};
  EXPECT_EQ(read("12345678  ", limits), "12345678");
  EXPECT_EQ(read("12345678   ", limits), "too_large") << "white space counts";
  limits = {1000, 32, 4};
  EXPECT_EQ(read("[1,2,3]", limits), "[1,2,3]");
  EXPECT_EQ(read("[1,2,3,4]", limits), "too_large");
  EXPECT_EQ(read(R"({"a":{"b":{"c":1}}})", limits), R"({"a":{"b":{"c":1}}})");
  EXPECT_EQ(read(R"({"a":{"b":{"c":[1]}}})", limits), "too_large");
}

// Goal: an error says where: a pointer (RFC 6901) to the value that was being read.
TEST(JsonTape, points_at_errors) {
  struct {
    std::string_view json, code, path;
  } const cases[] = {
      {"", "invalid_json", ""},
      {"x", "invalid_json", ""},
      {"[x]", "invalid_json", "/0"},
      {R"({"a":x})", "invalid_json", "/a"},
      {R"({"a":[1,{"b":x}]})", "invalid_json", "/a/1/b"},
      {R"({"a":[1,[2],{"b":{},"c":[0,"\x"]}]})", "invalid_json", "/a/2/c/1"},
      {R"({"a":1,"b":{"c":1,"c":2}})", "duplicate_key", "/b"},
      {R"({"a":1,"a":2})", "duplicate_key", ""},
      {R"([[],[],{"x":[{"y":1,"y":1}]}])", "duplicate_key", "/2/x/0"},
      {R"({"~/":{"m~n":[x]}})", "invalid_json", "/~0~1/m~0n/0"},
      {R"({"a\/b":{"\u0041\"":x}})", "invalid_json", "/a~1b/A\""},
      {R"({"":{"":x}})", "invalid_json", "//"},
      {R"([0,1,2,3,4,5,6,7,8,9,10,-])", "invalid_json", "/11"},
  };
  for (const auto& [json, code, path] : cases) {
    const JsonError error = error_of(json);
    EXPECT_EQ(error.code, code) << json;
    EXPECT_EQ(error.path, path) << json;
  }
  EXPECT_EQ(error_of("[[[[1]]]]", {100, 3, 100}).path, "/0/0/0");
  EXPECT_EQ(error_of("[1,[2,3]]", {100, 3, 3}).path, "/1");
}

// Goal: nodes tell names, spans, order and nesting.
TEST(JsonTape, shows_the_structure) {
  JsonTape tape;
  JsonError error;
  ASSERT_TRUE(tape.parse(R"( { "a" : [ 10 , "x" , { "\u0062" : null } ] , "c" : "\u00e9\n" } )", {}, error)) << error.message;
  struct {
    JsonType type;
    std::string_view name, raw, path;
    std::uint32_t end;
  } const expected[] = {
      {JsonType::kObject, "", R"({"a":[10,"x",{"\u0062":null}],"c":"\u00e9\n"})", "", 7},
      {JsonType::kArray, "a", R"([10,"x",{"\u0062":null}])", "/a", 6},
      {JsonType::kNumber, "", "10", "/a/0", 3},
      {JsonType::kString, "", R"("x")", "/a/1", 4},
      {JsonType::kObject, "", R"({"\u0062":null})", "/a/2", 6},
      {JsonType::kNull, "b", "null", "/a/2/b", 6},
      {JsonType::kString, "c", R"("\u00e9\n")", "/c", 7},
  };
  ASSERT_EQ(tape.nodes().size(), std::size(expected));
  std::string scratch;
  for (std::uint32_t i = 0; i < std::size(expected); ++i) {
    const JsonNode& node = tape.nodes()[i];
    EXPECT_EQ(node.type, expected[i].type) << i;
    EXPECT_EQ(tape.name(node, scratch), expected[i].name) << i;
    EXPECT_EQ(tape.raw(node), expected[i].raw) << i;
    EXPECT_EQ(tape.path(i), expected[i].path) << i;
    EXPECT_EQ(node.end, expected[i].end) << i;
  }
  EXPECT_EQ(tape.key(tape.nodes()[5]), R"(\u0062)");
  EXPECT_EQ(tape.string(tape.nodes()[6], scratch), "\xc3\xa9\n");
  EXPECT_EQ(tape.string(tape.nodes()[3], scratch), "x");
  std::vector<std::uint32_t> children;
  tape.for_each_child(0, [&](std::uint32_t child) { children.push_back(child); });
  EXPECT_EQ(children, (std::vector<std::uint32_t>{1, 6}));
}

// Goal: every escape becomes its character.
TEST(JsonUnescape, knows_every_escape) {
  EXPECT_EQ(json_unescape(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(json_unescape(R"(a\u0000b)"), "a\0b"sv);
  EXPECT_EQ(json_unescape(R"(\u007f\u0080\u07ff\u0800\uffff)"), "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
  EXPECT_EQ(json_unescape(R"(\ud800\udc00\uDBFF\uDFFF)"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  EXPECT_EQ(json_unescape("plain é"), "plain é");
  EXPECT_EQ(json_unescape(""), "");
  // Of what was never checked, each in memory of its own, so that a sanitizer sees what is read past the end.
  const std::string whole = R"(\ud83d\ude00)";
  for (std::size_t size = 0; size <= whole.size(); ++size) EXPECT_LE(json_unescape(std::string(whole, 0, size)).size(), size);
  EXPECT_EQ(json_unescape(R"(\ud83dtext\ude00\ud83d\n\ud83d\ud83d\ude00)"), "\ufffdtext\ufffd\ufffd\n\ufffd\xf0\x9f\x98\x80");
  EXPECT_EQ(json_unescape(R"(\u12g4\x\)"), "u12g4x\\");
}

// Goal: one reader serves one text after another, whatever came before.
TEST(JsonTape, starts_anew_with_each_text) {
  JsonTape tape;
  JsonError error;
  const std::string large = "[\"" + std::string(100'000, 'x') + "\"]";
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(tape.parse(large, {}, error));
    EXPECT_EQ(tape.text(), large);
    ASSERT_FALSE(tape.parse("[", {}, error));
    EXPECT_TRUE(tape.nodes().empty());
    ASSERT_TRUE(tape.parse("[1]", {}, error));
    EXPECT_EQ(tape.text(), "[1]");
    EXPECT_EQ(tape.nodes().size(), 2U);
  }
}

// Goal: strings that end near every boundary of the scan are read right, and never past the end.
TEST(JsonTape, reads_strings_of_every_length) {
  for (std::size_t size = 0; size < 80; ++size) {
    const std::string text(size, 'x');
    EXPECT_EQ(read("\"" + text + "\""), "\"" + text + "\"");
    EXPECT_EQ(read("\"" + text), "invalid_json");
    EXPECT_EQ(read("\"" + text + "\\"), "invalid_json");
    EXPECT_EQ(read("\"" + text + "\\\"\""), "\"" + text + "\\\"\"");
    EXPECT_EQ(read("\"" + text + "\n\""), "invalid_json");
    EXPECT_EQ(read("\"" + text + "\\u00e9\""), "\"" + text + "\\u00e9\"");
  }
}

// A random JSON text, with white space into `spaced` and without into `plain`.
void random_json(Prng& random, int depth, std::string& spaced, std::string& plain) {
  const auto both = [&](std::string_view token) {
    spaced += token;
    plain += token;
  };
  const auto space = [&] {
    while (random.chance(1, 3)) spaced += " \t\r\n"[random.below(4)];
  };
  const auto string = [&](std::size_t number) {
    constexpr std::string_view kPieces[] = {"a", " ", "\\n", "\\\"", "\\\\", "\\u00e9", "é", "\\ud83d\\ude39",
                                            "{", ",", "]",   ":",    "\\/",  "  "};
    both("\"");
    for (std::uint64_t i = random.below(6); i > 0; --i) both(kPieces[random.below(std::size(kPieces))]);
    both(std::to_string(number) + "\"");
  };
  space();
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0: both("null"); break;
    case 1: both(random.chance(1, 2) ? "true" : "false"); break;
    case 2: string(random.below(10)); break;
    case 3: both(std::to_string(random.below(1000)) + (random.chance(1, 2) ? "e+05" : "")); break;
    case 4: both("-" + std::to_string(random.below(10)) + ".50"); break;
    case 5: {
      both("[");
      const std::uint64_t count = random.below(5);
      for (std::uint64_t i = 0; i < count; ++i) {
        if (i != 0) both(",");
        random_json(random, depth - 1, spaced, plain);
      }
      if (count == 0) space();
      both("]");
      break;
    }
    default: {
      both("{");
      const std::uint64_t count = random.below(5);
      for (std::uint64_t i = 0; i < count; ++i) {
        if (i != 0) both(",");
        space();
        string(i);
        space();
        both(":");
        random_json(random, depth - 1, spaced, plain);
      }
      if (count == 0) space();
      both("}");
    }
  }
  space();
}

// Goal: random texts, spaced at random, lose their white space and nothing else; cut anywhere, they are refused, unless a
// number is left.
TEST(JsonTape, keeps_random_texts) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Prng random(seed);
    std::string spaced;
    std::string plain;
    random_json(random, 5, spaced, plain);
    ASSERT_EQ(read(spaced, kWide), plain) << "seed " << seed << ": " << spaced;
    simdjson::dom::parser parser;
    const auto cut = spaced.substr(0, random.below(spaced.size() + 1));
    const bool taken = read(cut, kWide) != "invalid_json";
    ASSERT_EQ(taken, parser.parse(cut).error() == simdjson::SUCCESS) << "seed " << seed << ": " << cut;
  }
}

}  // namespace
}  // namespace stele::event
