// What the query language calls case, words and texts (docs/formats/query.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stele::query {

// ASCII letters made small.
constexpr char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
std::string folded(std::string_view text);
// Less than, equal to or greater than 0, as bytes that are folded compare.
int compare_folded(std::string_view a, std::string_view b);
inline bool equal_folded(std::string_view a, std::string_view b) { return a.size() == b.size() && compare_folded(a, b) == 0; }

constexpr bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Whether it has white space in it.
bool is_text(std::string_view value);

// Takes the first word off `text`; empty when there is none left.
std::string_view next_word(std::string_view& text);

// Where `needle`, which is folded, stands in `text` from `at` on, case ignored; npos: nowhere.
std::size_t find_folded(std::string_view text, std::string_view needle, std::size_t at = 0);

}  // namespace stele::query
