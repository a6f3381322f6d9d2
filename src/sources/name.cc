#include "sources/name.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace stele::sources {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kWritten = "<ef><bf><bd>";
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";  // U+2026
constexpr std::size_t kDigits = 16;

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// "<ef>", as append_readable() writes a byte behind U+FFFD.
bool begins_with_byte(std::string_view text) {
  return text.size() >= 4 && text[0] == '<' && is_lower_hex(text[1]) && is_lower_hex(text[2]) && text[3] == '>';
}

void replace_replacements(std::string& text) {
  for (auto at = text.find(kReplacement); at != std::string::npos; at = text.find(kReplacement, at)) {
    const bool marks_byte = begins_with_byte(std::string_view(text).substr(at + kReplacement.size()));
    text.replace(at, kReplacement.size(), marks_byte ? std::string_view() : kWritten);
  }
}

void cut(std::string& text, std::size_t bytes_max) {
  const std::string digest = hex_encode(as_byte_span(crypto::sha256(as_byte_span(text)))).substr(0, kDigits);
  std::size_t size = bytes_max - kEllipsis.size() - kDigits;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;  // within a character
  text.resize(size);
  text += kEllipsis;
  text += digest;
}

}  // namespace

std::string_view ledger_name(std::string_view text, std::string& buffer, std::size_t bytes_max) {
  const bool replaced = text.find(kReplacement[0]) != std::string_view::npos && text.find(kReplacement) != std::string_view::npos;
  if (!replaced && text.size() <= bytes_max) return text;
  buffer = text;
  if (replaced) replace_replacements(buffer);
  if (buffer.size() > bytes_max) cut(buffer, bytes_max);
  return buffer;
}

}  // namespace stele::sources
