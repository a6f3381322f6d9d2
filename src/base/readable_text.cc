#include "base/readable_text.h"

#include <algorithm>

#include "base/json_text.h"

namespace stele {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";     // U+2026

bool is_ascii(std::string_view s) {
  return std::none_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// The length of the UTF-8 sequence at the front, or 0 if there is none or it is U+FFFD.
std::size_t plain_sequence(std::string_view s) {
  if (s.starts_with(kReplacement)) return 0;
  for (std::size_t n = 1; n <= 4 && n <= s.size(); ++n) {
    if (is_utf8(s.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

void append_readable(std::string& out, std::string_view bytes, std::size_t bytes_max) {
  if (is_ascii(bytes) && bytes.size() <= bytes_max) {
    append_json_escaped(out, bytes);
    return;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::size_t written = 0;
  while (!bytes.empty()) {
    const std::size_t n = plain_sequence(bytes);
    std::string_view piece = bytes.substr(0, std::max<std::size_t>(n, 1));
    bytes.remove_prefix(piece.size());
    std::string marked;
    if (n == 0) {
      const auto byte = static_cast<unsigned char>(piece[0]);
      marked = kReplacement;
      for (const char c : {'<', kDigits[byte >> 4], kDigits[byte & 15], '>'}) marked.push_back(c);
      piece = marked;
    }
    written += piece.size();
    if (written > bytes_max) {
      out += kEllipsis;
      return;
    }
    append_json_escaped(out, piece);
  }
}

}  // namespace stele
