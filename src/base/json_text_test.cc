// JSON as it is written: only what must be escaped is, and nothing that is not UTF-8 passes as text.
#include "base/json_text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace stele {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json_bytes(std::string_view bytes) {
  std::string out;
  append_json_bytes(out, bytes);
  return out;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 63));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 63));
    put(0x80 | (point & 63));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 63));
    put(0x80 | (point >> 6 & 63));
    put(0x80 | (point & 63));
  }
}

// A second opinion that does not use table 3-7: decode by the lead's bits, encode again, compare.
bool naive_is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t lead = byte(at);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || at + length > text.size()) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) point = point << 6 | (byte(at + i) & 63);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    std::string again;
    append_utf8(again, point);
    if (again != text.substr(at, length)) return false;
    at += length;
  }
  return true;
}

// Goal: RFC 8259 section 7: quote, backslash and controls, in the short form where there is one.
// Eight bytes are looked at at once: what must be escaped is found wherever it stands.
TEST(JsonText, FindsEachByteAtEachPlace) {
  for (std::size_t length = 1; length < 20; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, 'a');
        text[at] = static_cast<char>(byte);
        const bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
        EXPECT_EQ(json_string(text).size() == length + 2, !escaped) << length << " " << at << " " << byte;
        EXPECT_EQ(is_utf8(text), byte < 0x80) << length << " " << at << " " << byte;
      }
    }
  }
}

TEST(JsonString, escapes_what_must_be) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_string("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\0x", 2)), R"("\u0000x")");
  EXPECT_EQ(json_string("\x01\x0b\x1f"), R"("\u0001\u000b\u001f")");
  for (char c = 0; c < 0x20; ++c) {
    const std::string coded = json_string(std::string(1, c));
    EXPECT_EQ(coded[1], '\\') << int{c};
    EXPECT_TRUE(coded.size() == 4 || coded.size() == 8) << coded;
  }
}

// Goal: everything else is left as it came.
TEST(JsonString, leaves_the_rest_alone) {
  for (const char* text : {"plain", "a/b", "\x7f", "é", "\u2028\u2029", "€", "😀", "<script>&'", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(json_string(text), "\"" + std::string(text) + "\"");
  }
}

// Goal: escapes at the front, at the end, next to each other; what stood in the string before stays.
TEST(JsonString, appends) {
  std::string out = "{\"a\":";
  append_json_string(out, "\n\nmid\"dle\\");
  EXPECT_EQ(out, R"({"a":"\n\nmid\"dle\\")");
  append_json_escaped(out, "\tx");
  EXPECT_EQ(out, R"({"a":"\n\nmid\"dle\\"\tx)");
}

// Goal: bytes that are text are a string, all others lose nothing.
TEST(JsonBytes, are_text_or_base64) {
  EXPECT_EQ(json_bytes(""), R"("")");
  EXPECT_EQ(json_bytes("caf\xc3\xa9\n"), "\"caf\xc3\xa9\\n\"");
  EXPECT_EQ(json_bytes("caf\xe9"), R"({"$base64":"Y2Fm6Q=="})");
  EXPECT_EQ(json_bytes("\xff"), R"({"$base64":"/w=="})");
  EXPECT_EQ(json_bytes(std::string_view("\0\x80", 2)), R"({"$base64":"AIA="})");
}

TEST(JsonDecimal, writes_all_of_64_bits) {
  std::string out;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1} << 53, UINT64_MAX}) {
    append_decimal(out, value);
    out.push_back(' ');
  }
  EXPECT_EQ(out, "0 7 9007199254740992 18446744073709551615 ");
}

// Goal: each row of Unicode table 3-7, first and last sequence, and one step outside of it.
TEST(Utf8, keeps_to_table_3_7) {
  for (const char* text : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf",
                           "\xed\x80\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf",
                           "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << json_bytes(text);
    EXPECT_TRUE(is_utf8("a" + std::string(text) + "z"));
  }
  for (const char* text : {"\x80",
                           "\xbf",
                           "\xc0\x80",
                           "\xc1\xbf",
                           "\xc2",
                           "\xc2\x7f",
                           "\xc2\xc0",
                           "\xdf\xc0",
                           "\xe0\x9f\xbf",
                           "\xe0\xa0",
                           "\xe0\xa0\x7f",
                           "\xed\xa0\x80",
                           "\xed\xbf\xbf",
                           "\xef\xbf\xc0",
                           "\xf0\x8f\xbf\xbf",
                           "\xf0\x90\x80",
                           "\xf1\x80\x80\xc0",
                           "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80",
                           "\xf8\x88\x80\x80\x80",
                           "\xfe",
                           "\xff"}) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_FALSE(is_utf8("a" + std::string(text) + "z"));
  }
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
  EXPECT_FALSE(is_utf8(std::string_view("\xc3\0", 2)));
}

// Goal: every code point but the surrogates.
TEST(Utf8, takes_every_code_point_but_surrogates) {
  for (std::uint32_t point = 0; point <= 0x10ffff + 100; ++point) {
    std::string text;
    append_utf8(text, point);
    ASSERT_EQ(is_utf8(text), point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) << point;
  }
}

// Goal: agreement with a second decoder on every sequence of up to four bytes that stand at a border.
TEST(Utf8, agrees_with_a_second_decoder) {
  constexpr std::string_view kBorders =
      "A\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";
  const std::size_t n = kBorders.size();
  for (std::size_t length = 1, count = n; length <= 4; ++length, count *= n) {
    std::string text(length, '\0');
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t at = 0, rest = i; at < length; ++at, rest /= n) text[at] = kBorders[rest % n];
      ASSERT_EQ(is_utf8(text), naive_is_utf8(text)) << json_bytes(text);
    }
  }
}

}  // namespace
}  // namespace stele
