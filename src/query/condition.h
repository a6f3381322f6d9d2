// What a term asks of one scalar's text: the same object decides on an entry and over an index's dictionaries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/address.h"
#include "query/number.h"

namespace stele::query {

class Condition {
 public:
  enum class Kind : std::uint8_t {
    kAny,       // it is there
    kIs,        // exactly the value
    kMatch,     // the value, case ignored, or a text with its words one after the other
    kWords,     // a text with these words one after the other
    kLike,      // as a whole like a pattern, case ignored
    kContains,  // has the characters in it, case ignored
    kNumber,    // a number within bounds
    kAddress,   // an IP address within a range
  };
  struct Bound {
    Number number;
    bool included = true;
  };

  static Condition any() { return Condition(Kind::kAny); }
  static Condition is(std::string value);
  static Condition match(std::string_view value);
  static Condition words(std::string_view words);
  // What stands between stars, one more than there are stars.
  static Condition like(const std::vector<std::string>& pieces);
  static Condition contains(std::string_view part);
  static Condition number(std::optional<Bound> low, std::optional<Bound> high);
  static Condition address(AddressRange range);

  [[nodiscard]] bool operator()(std::string_view text) const;

  [[nodiscard]] Kind kind() const { return kind_; }
  // The value of kIs; folded, of kMatch and kContains.
  [[nodiscard]] const std::string& value() const { return value_; }
  // Folded, of kMatch and kWords.
  [[nodiscard]] const std::vector<std::string>& words() const { return pieces_; }
  // Folded, of kLike.
  [[nodiscard]] const std::vector<std::string>& pieces() const { return pieces_; }
  [[nodiscard]] const std::optional<Bound>& low() const { return low_; }
  [[nodiscard]] const std::optional<Bound>& high() const { return high_; }
  [[nodiscard]] const std::optional<AddressRange>& range() const { return range_; }

 private:
  explicit Condition(Kind kind) : kind_(kind) {}
  [[nodiscard]] bool has_words(std::string_view text) const;
  [[nodiscard]] bool is_like(std::string_view text) const;
  [[nodiscard]] bool is_within(const Number& number) const;

  Kind kind_;
  std::string value_;
  std::vector<std::string> pieces_;
  std::vector<std::size_t> borders_;  // of words: how many at the front are again the last of the first so many
  std::optional<Bound> low_;
  std::optional<Bound> high_;
  std::optional<AddressRange> range_;
};

}  // namespace stele::query
