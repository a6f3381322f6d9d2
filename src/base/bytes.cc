#include "base/bytes.h"

#include <algorithm>

namespace stele {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789abcdef";

constexpr std::array<std::int8_t, 256> inverse(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}

constexpr auto kBase64Inverse = inverse(kBase64);
constexpr auto kHexInverse = inverse(kHex);

}  // namespace

void base64_append(std::string& out, ByteSpan bytes) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t n = bytes.size();
  std::size_t at = out.size();
  out.resize(at + (n + 2) / 3 * 4);
  char* o = out.data() + at;
  std::size_t i = 0;
  for (; i + 3 <= n; i += 3) {
    const unsigned v = static_cast<unsigned>(p[i] << 16 | p[i + 1] << 8 | p[i + 2]);
    *o++ = kBase64[v >> 18];
    *o++ = kBase64[v >> 12 & 63];
    *o++ = kBase64[v >> 6 & 63];
    *o++ = kBase64[v & 63];
  }
  if (n - i == 1) {
    *o++ = kBase64[p[i] >> 2];
    *o++ = kBase64[(p[i] & 3) << 4];
    *o++ = '=';
    *o++ = '=';
  } else if (n - i == 2) {
    *o++ = kBase64[p[i] >> 2];
    *o++ = kBase64[(p[i] & 3) << 4 | p[i + 1] >> 4];
    *o++ = kBase64[(p[i + 1] & 15) << 2];
    *o++ = '=';
  }
}

std::string base64_encode(ByteSpan bytes) {
  std::string out;
  base64_append(out, bytes);
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t pad = 0;
  if (!text.empty() && text.back() == '=') pad = text[text.size() - 2] == '=' ? 2 : 1;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  unsigned acc = 0;
  int bits = 0;
  for (const char c : text.substr(0, text.size() - pad)) {
    const int v = kBase64Inverse[static_cast<unsigned char>(c)];
    if (v < 0) return std::nullopt;
    acc = (acc << 6 | static_cast<unsigned>(v)) & 0xffffffU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(acc >> bits & 0xff));
    }
  }
  if ((acc & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

std::optional<Hash> base64_decode_hash(std::string_view text) {
  if (text.size() != 44) return std::nullopt;
  const auto raw = base64_decode(text);
  if (!raw || raw->size() != 32) return std::nullopt;
  Hash h;
  std::memcpy(h.data(), raw->data(), h.size());
  return h;
}

int hex_digit(char c) {
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return kHexInverse[static_cast<unsigned char>(c)];
}

std::string hex_encode(ByteSpan bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    out.push_back(kHex[static_cast<unsigned>(b) >> 4]);
    out.push_back(kHex[static_cast<unsigned>(b) & 15]);
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int hi = kHexInverse[static_cast<unsigned char>(text[i])];
    const int lo = kHexInverse[static_cast<unsigned char>(text[i + 1])];
    if (hi < 0 || lo < 0) return std::nullopt;
    out.push_back(static_cast<char>(hi << 4 | lo));
  }
  return out;
}

std::string zero_padded(std::uint64_t value, unsigned width) {
  std::string digits;
  for (; value != 0 || digits.size() < width; value /= 10) digits.push_back(static_cast<char>('0' + value % 10));
  return {digits.rbegin(), digits.rend()};
}

std::optional<std::uint64_t> parse_zero_padded(std::string_view text) {
  const auto first = std::min(text.find_first_not_of('0'), text.size());
  if (first == text.size() && first > 0) return 0;
  return parse_decimal(text.substr(first));
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.empty() || text.size() > 20 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t v = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (v > (UINT64_MAX - digit) / 10) return std::nullopt;
    v = v * 10 + digit;
  }
  return v;
}

}  // namespace stele
