// Goal: what comes from outside cannot steer a terminal, and what is shown reads well.
#include "cli/text.h"

#include <gtest/gtest.h>

#include "base/json_text.h"
#include "cli/json.h"

namespace stele::cli {
namespace {

TEST(Printable, leaves_ordinary_text_alone) {
  for (const char* text : {"", "plain", "Zoë Ünal", "日本語", "😀 🏳", "a\\b \"c\"", "~"}) EXPECT_EQ(printable(text), text);
}

TEST(Printable, writes_control_characters_as_json_does) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\u001b[31mb");
  EXPECT_EQ(printable("\n\r\t\b\x7f"), "\\u000a\\u000d\\u0009\\u0008\\u007f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\u0000");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");  // C1 control sequence introducer
}

TEST(Printable, shows_what_is_invisible_or_turns_the_direction) {
  EXPECT_EQ(printable("user\u202Egpj"), "user\\u202egpj");
  EXPECT_EQ(printable("\u2066\u2069\u200b\u200f\u061c\ufeff\u2028"), "\\u2066\\u2069\\u200b\\u200f\\u061c\\ufeff\\u2028");
  EXPECT_EQ(printable("\U000E0041"), "\\udb40\\udc41");  // a tag character
}

TEST(Printable, shows_bytes_that_are_not_utf8) {
  EXPECT_EQ(printable("\xff\xc3("), "\\xff\\xc3(");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("a\xe2\x82"), "a\\xe2\\x82");         // cut off
}

TEST(Printable, never_lets_a_control_byte_through) {
  std::string all;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      all += static_cast<char>(a);
      all += static_cast<char>(b);
    }
  }
  const std::string shown = printable(all);
  EXPECT_TRUE(is_utf8(shown));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto c = static_cast<unsigned char>(shown[i]);
    EXPECT_FALSE(c < 0x20 || c == 0x7f);
    const bool is_c1 = c == 0xc2 && i + 1 < shown.size() && static_cast<unsigned char>(shown[i + 1]) < 0xa0;
    EXPECT_FALSE(is_c1);
  }
}

TEST(Printable, keeps_json_valid_and_equal) {
  const std::string json = "{\"a\":\"x\u009by\",\"b\":\"\U000E0041\"}";
  event::JsonTape before;
  event::JsonTape after;
  ASSERT_TRUE(parse_json(json, before));
  ASSERT_TRUE(parse_json(printable(json), after));
  for (const char* key : {"a", "b"}) EXPECT_EQ(JsonValue(before)[key].text(), JsonValue(after)[key].text());
}

TEST(Clipped, counts_characters_not_bytes) {
  EXPECT_EQ(clipped("abc", 3), "abc");
  EXPECT_EQ(clipped("äöü", 3), "äöü");
  EXPECT_EQ(clipped("äöü!", 3), "äöü…");
  EXPECT_EQ(clipped("", 0), "");
}

TEST(Numbers, read_well) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(18'446'744'073'709'551'615U), "18,446,744,073,709,551,615");
  EXPECT_EQ(counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(counted(1234, "entry", "entries"), "1,234 entries");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1'048'575), "1.0 MiB");
  EXPECT_EQ(bytes_text(3'565'158), "3.4 MiB");
  EXPECT_EQ(duration_text(59), "59 s");
  EXPECT_EQ(duration_text(125), "2 min 5 s");
  EXPECT_EQ(duration_text(3 * 3600 + 12 * 60 + 1), "3 h 12 min");
  EXPECT_EQ(duration_text(5 * 86'400 + 7'200), "5 d 2 h");
}

TEST(Palette, paints_only_when_on) {
  EXPECT_EQ(Palette(false).paint(Colour::kRed, "no"), "no");
  EXPECT_EQ(Palette(true).paint(Colour::kRed, "no"), "\x1b[31mno\x1b[0m");
}

TEST(TwoColumns, are_aligned) { EXPECT_EQ(two_columns({{"a", "1"}, {"long", "2"}}), "a     1\nlong  2\n"); }

TEST(Indented, keeps_order_and_lexemes) {
  event::JsonTape tape;
  ASSERT_TRUE(parse_json(R"({"b":1.0,"a":[{"x":"\u0041"},[],{}],"c":null})", tape));
  EXPECT_EQ(indented(tape),
            "{\n  \"b\": 1.0,\n  \"a\": [\n    {\n      \"x\": \"\\u0041\"\n    },\n    [],\n    {}\n  ],\n  \"c\": null\n}");
}

}  // namespace
}  // namespace stele::cli
