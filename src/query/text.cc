#include "query/text.h"

#include <algorithm>
#include <cstring>

namespace stele::query {

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = fold(c);
  return out;
}

int compare_folded(std::string_view a, std::string_view b) {
  const std::size_t both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < both; ++i) {
    const int difference = static_cast<unsigned char>(fold(a[i])) - static_cast<unsigned char>(fold(b[i]));
    if (difference != 0) return difference;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

bool is_text(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
}

std::string_view next_word(std::string_view& text) {
  std::size_t begin = 0;
  while (begin < text.size() && !is_word_byte(text[begin])) ++begin;
  std::size_t end = begin;
  while (end < text.size() && is_word_byte(text[end])) ++end;
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::size_t find_folded(std::string_view text, std::string_view needle, std::size_t at) {
  if (needle.empty()) return at <= text.size() ? at : std::string_view::npos;
  if (needle.size() > text.size()) return std::string_view::npos;
  const std::size_t last = text.size() - needle.size();
  const char small = needle[0];
  const char large = small >= 'a' && small <= 'z' ? static_cast<char>(small & ~0x20) : small;
  for (; at <= last; ++at) {
    if (text[at] != small && text[at] != large) continue;
    std::size_t i = 1;
    while (i < needle.size() && fold(text[at + i]) == needle[i]) ++i;
    if (i == needle.size()) return at;
  }
  return std::string_view::npos;
}

}  // namespace stele::query
