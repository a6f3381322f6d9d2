// Numbers as texts have them, compared by what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stele::query {

// A number of RFC 8259. Whole ones of 64 bits are exact, others as the nearest double.
class Number {
 public:
  // Nothing when `text` is anything else.
  static std::optional<Number> parse(std::string_view text);
  static Number of(std::int64_t whole) { return Number(static_cast<double>(whole), whole); }

  // The nearest double.
  [[nodiscard]] double value() const { return value_; }
  // Less than, equal to or greater than 0.
  [[nodiscard]] int compare(const Number& other) const;

 private:
  Number(double value, std::optional<std::int64_t> whole) : value_(value), whole_(whole) {}
  double value_;
  std::optional<std::int64_t> whole_;
};

}  // namespace stele::query
