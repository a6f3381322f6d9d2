#include "formats/dump.h"

#include <algorithm>

namespace stele::formats {
namespace {

constexpr std::size_t kPerLine = 16;

std::string offset_text(std::size_t offset) {
  const std::string digits = std::to_string(offset);
  return std::string(6 - std::min<std::size_t>(digits.size(), 6), ' ') + digits + "  ";
}

std::string hex_text(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += (out.empty() ? "" : " ") + hex_encode(as_byte_span(std::string_view(&c, 1)));
  return out;
}

}  // namespace

std::string annotated(std::string_view bytes, const std::vector<Field>& fields, std::size_t first, std::size_t bytes_max) {
  std::string out;
  std::size_t at = 0;
  for (const Field& field : fields) {
    const std::string_view whole = bytes.substr(at, field.size);
    const std::string_view shown = whole.size() > bytes_max ? whole.substr(0, kPerLine) : whole;
    for (std::size_t line = 0; line < shown.size(); line += kPerLine) {
      std::string text = hex_text(shown.substr(line, kPerLine));
      if (line == 0) text += std::string(kPerLine * 3 + 1 - text.size(), ' ') + field.meaning;
      out += offset_text(first + at + line) + text + "\n";
    }
    if (shown.size() < whole.size()) out += "        … " + std::to_string(whole.size() - shown.size()) + " more\n";
    at += field.size;
  }
  if (at != bytes.size()) out += "the fields cover " + std::to_string(at) + " of " + std::to_string(bytes.size()) + " bytes\n";
  return out;
}

std::string plain(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kPerLine) {
    const std::string_view line = bytes.substr(at, kPerLine);
    std::string text = hex_text(line);
    text += std::string(kPerLine * 3 + 1 - text.size(), ' ') + "|";
    for (const char c : line) text += c >= 0x20 && c < 0x7f ? c : '.';
    out += offset_text(at) + text + "|\n";
  }
  return out;
}

}  // namespace stele::formats
