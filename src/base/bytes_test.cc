// Encodings against the vectors of their standards, and everything that must be refused.
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stele {
namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

std::string every_byte() {
  std::string s;
  for (int i = 0; i < 256; ++i) s.push_back(static_cast<char>(i));
  return s;
}

// Goal: RFC 4648 section 10, both ways.
TEST(Base64, agrees_with_rfc_4648) {
  const Pairs vectors = {{"", ""},
                         {"f", "Zg=="},
                         {"fo", "Zm8="},
                         {"foo", "Zm9v"},
                         {"foob", "Zm9vYg=="},
                         {"fooba", "Zm9vYmE="},
                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(base64_encode(as_byte_span(plain)), coded);
    EXPECT_EQ(base64_decode(coded), plain);
  }
}

// Goal: all byte values, at every length modulo 3, come back; appending keeps what was there.
TEST(Base64, returns_every_byte_value_at_every_remainder) {
  const std::string all = every_byte();
  for (std::size_t n = all.size() - 3; n <= all.size(); ++n) {
    const auto plain = std::string_view(all).substr(0, n);
    EXPECT_EQ(base64_decode(base64_encode(as_byte_span(plain))), plain);
  }
  std::string out = "head:";
  base64_append(out, as_byte_span("\xfb\xff"));
  EXPECT_EQ(out, "head:+/8=");
}

// Goal: one value has one spelling. Padding, trailing bits, alphabet and white space are all strict.
TEST(Base64, refuses_every_other_spelling) {
  for (const std::string_view text : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v\n",
                                      " Zg=", "Zm9v ", "Z-8=", "Z_8=", "Zm8*", "Zm=v", "\xc3\xa9==", "Zg=\n"}) {
    EXPECT_FALSE(base64_decode(text).has_value()) << text;
  }
  EXPECT_FALSE(base64_decode(std::string_view("Zg\0=", 4)).has_value());
}

// Goal: a hash is 32 bytes in 44 characters and nothing else.
TEST(Base64, reads_a_hash_only_at_its_exact_length) {
  Hash h{};
  for (std::size_t i = 0; i < h.size(); ++i) h[i] = static_cast<std::uint8_t>(255 - i);
  EXPECT_EQ(base64_decode_hash(base64_encode(as_byte_span(h))), h);
  const std::string bytes(34, 'x');
  for (const std::size_t n : {0U, 31U, 33U, 34U}) {
    EXPECT_FALSE(base64_decode_hash(base64_encode(as_byte_span(std::string_view(bytes).substr(0, n)))).has_value()) << n;
  }
}

// Goal: RFC 4648 section 8 in lower case; reading refuses odd lengths, upper case and other characters.
TEST(Hex, writes_lower_case_and_reads_strictly) {
  const std::string all = every_byte();
  EXPECT_EQ(hex_encode(as_byte_span("foobar")), "666f6f626172");
  EXPECT_EQ(hex_encode(as_byte_span("")), "");
  EXPECT_EQ(hex_decode(hex_encode(as_byte_span(all))), all);
  for (const std::string_view text : {"6", "666", "6G", "g6", "FF", "0x", " 6", "6 ", "\xff\xff"}) {
    EXPECT_FALSE(hex_decode(text).has_value()) << text;
  }
}

// Goal: the whole range of 64 bits, and not one past it.
TEST(Decimal, reads_the_whole_range) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("7"), 7U);
  EXPECT_EQ(parse_decimal("65536"), 65536U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), UINT64_MAX);
  for (const std::string_view text :
       {"18446744073709551616", "18446744073709551620", "99999999999999999999", "184467440737095516150"}) {
    EXPECT_FALSE(parse_decimal(text).has_value()) << text;
  }
}

// Goal: one number has one spelling.
TEST(Decimal, refuses_every_other_spelling) {
  for (const std::string_view text : {"", "00", "01", "+1", "-1", " 1", "1 ", "1\n", "0x1", "1e3", "1.0", "1_000", "a"}) {
    EXPECT_FALSE(parse_decimal(text).has_value()) << text;
  }
}

// Goal: fixed-width integers have the documented byte order and need no alignment.
TEST(FixedWidth, has_the_documented_byte_order_at_any_alignment) {
  std::array<unsigned char, 16> buffer{};
  store_le<std::uint32_t>(buffer.data() + 1, 0x01020304U);
  EXPECT_EQ(hex_encode(as_byte_span(std::string_view(reinterpret_cast<char*>(buffer.data()), 6))), "000403020100");
  EXPECT_EQ(load_le<std::uint32_t>(buffer.data() + 1), 0x01020304U);
  store_be16(buffer.data() + 7, 0xfedc);
  EXPECT_EQ(buffer[7], 0xfe);
  EXPECT_EQ(buffer[8], 0xdc);
  EXPECT_EQ(load_be16(buffer.data() + 7), 0xfedc);
}

}  // namespace
}  // namespace stele
