// Views, encodings and fixed-width integers for bytes from outside.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stele {

using ByteSpan = std::span<const std::byte>;

// A SHA-256 value: a leaf, a node or a root.
using Hash = std::array<std::uint8_t, 32>;

inline ByteSpan as_byte_span(std::string_view s) { return {reinterpret_cast<const std::byte*>(s.data()), s.size()}; }
inline ByteSpan as_byte_span(const Hash& h) { return {reinterpret_cast<const std::byte*>(h.data()), h.size()}; }
inline std::string_view as_text(ByteSpan b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
inline std::string_view as_text(const Hash& h) { return {reinterpret_cast<const char*>(h.data()), h.size()}; }

// Standard base64 with padding (RFC 4648 section 4).
std::string base64_encode(ByteSpan bytes);
void base64_append(std::string& out, ByteSpan bytes);

// Strict inverse: no white space, canonical padding and zero trailing bits, else nothing.
std::optional<std::string> base64_decode(std::string_view text);
std::optional<Hash> base64_decode_hash(std::string_view text);

// 0 to 15, or -1 for what is no hexadecimal digit of either case.
int hex_digit(char c);

// Lower-case hexadecimal.
std::string hex_encode(ByteSpan bytes);
std::optional<std::string> hex_decode(std::string_view text);

// Decimal digits only, no sign, no leading zero (but "0"), in range; else nothing.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// Decimal digits with leading zeros, at least `width` of them.
std::string zero_padded(std::uint64_t value, unsigned width);
// Reads what zero_padded wrote; nothing for any other text or a value over 64 bits.
std::optional<std::uint64_t> parse_zero_padded(std::string_view text);

// Unaligned fixed-width integers at `p`; the caller guarantees sizeof(T) readable or writable bytes.
template <typename T>
T load_le(const void* p) {
  static_assert(std::endian::native == std::endian::little);
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <typename T>
void store_le(void* p, T v) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(p, &v, sizeof v);
}
inline std::uint16_t load_be16(const void* p) {
  const auto* b = static_cast<const unsigned char*>(p);
  return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
}
inline void store_be16(void* p, std::uint16_t v) {
  auto* b = static_cast<unsigned char*>(p);
  b[0] = static_cast<unsigned char>(v >> 8);
  b[1] = static_cast<unsigned char>(v);
}

}  // namespace stele
