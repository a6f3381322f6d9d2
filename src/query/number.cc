#include "query/number.h"

#include <charconv>

namespace stele::query {
namespace {

std::size_t digits(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

// RFC 8259, section 6.
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(text, at);
  if (whole == at || (text[at] == '0' && whole > at + 1)) return false;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = digits(text, at + 1);
    if (end == at + 1) return false;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t end = digits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

// Of a number that no double comes near: whether it is too close to 0, and not too far from it.
bool is_tiny(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) return text[exponent + 1] == '-';
  const std::string_view whole = text.substr(0, text.find('.'));
  return whole == "0" || whole == "-0";
}

}  // namespace

std::optional<Number> Number::parse(std::string_view text) {
  if (text.empty() || !is_number(text)) return std::nullopt;
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end) return of(whole);
  double value = 0;
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec == std::errc::result_out_of_range) value = is_tiny(text) ? 0 : text.front() == '-' ? -1e308 * 10 : 1e308 * 10;
  return Number(value, std::nullopt);
}

int Number::compare(const Number& other) const {
  if (whole_ && other.whole_) return *whole_ < *other.whole_ ? -1 : *whole_ > *other.whole_ ? 1 : 0;
  return value_ < other.value_ ? -1 : value_ > other.value_ ? 1 : 0;
}

}  // namespace stele::query
