#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/json_text.h"

namespace stele {
namespace {

// One character at the front of a text: its bytes, and its code point unless they are not UTF-8 (then one byte).
struct Character {
  std::string_view bytes;
  std::uint32_t code = 0;
  bool valid = false;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::string_view bytes = text.substr(0, size);
  if (!is_utf8(bytes)) return {text.substr(0, 1), lead, false};
  constexpr unsigned char kLeadBits[] = {0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t code = lead & kLeadBits[size - 1];
  for (const char c : bytes.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return {bytes, code, true};
}

bool is_harmless(std::uint32_t code) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  constexpr Range kHarmful[] = {
      {0x00, 0x1f},       {0x7f, 0x9f},                        // C0, DEL, C1
      {0x61c, 0x61c},     {0x200b, 0x200f}, {0x2028, 0x202e},  // zero width, marks, separators, embeddings
      {0x2060, 0x206f},   {0xfeff, 0xfeff}, {0xfff9, 0xfffb},  // joiners, isolates, annotations
      {0xe0000, 0xe007f},                                      // tags
  };
  return std::none_of(std::begin(kHarmful), std::end(kHarmful),
                      [&](const Range& r) { return code >= r.first && code <= r.last; });
}

void append_escaped(std::string& out, std::uint32_t code) {
  if (code > 0xffff) {
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
  } else {
    out += fmt::format("\\u{:04x}", code);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character next = first_character(text);
    text.remove_prefix(next.bytes.size());
    if (!next.valid)
      out += fmt::format("\\x{:02x}", next.code);
    else if (is_harmless(next.code))
      out += next.bytes;
    else
      append_escaped(out, next.code);
  }
  return out;
}

std::string clipped(std::string_view text, std::size_t characters) {
  std::string_view rest = text;
  for (std::size_t i = 0; i < characters && !rest.empty(); ++i) rest.remove_prefix(first_character(rest).bytes.size());
  if (rest.empty()) return std::string(text);
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace stele
