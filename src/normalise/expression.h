// A regular expression (RE2) with named groups, over bytes of any kind.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace stele::normalise {

inline constexpr std::size_t kGroupsMax = 64;
inline constexpr std::size_t kExpressionBytesMax = 4096;
inline constexpr std::size_t kMatchedBytesMax = 65'536;  // of a text, what is looked at

class Expression {
 public:
  // kInvalid says what is wrong.
  static Result<Expression> parse(const std::string& pattern);
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  [[nodiscard]] const std::string& pattern() const;
  // Of the groups, in order; empty for one without a name.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  // Appends what each group matched, empty for one that took no part. False, with nothing appended, when there is no match.
  [[nodiscard]] bool match(std::string_view text, std::vector<std::string_view>& groups) const;

 private:
  explicit Expression(std::unique_ptr<re2::RE2> compiled);
  std::unique_ptr<re2::RE2> compiled_;
  std::vector<std::string> names_;
};

// Many expressions, searched for in one pass.
class ExpressionSet {
 public:
  ExpressionSet();
  ~ExpressionSet();
  ExpressionSet(ExpressionSet&&) noexcept;
  ExpressionSet& operator=(ExpressionSet&&) noexcept;

  // Before compile().
  Status add(const std::string& pattern);
  Status compile();

  // The numbers of those that match, in the order in which they were added. False when their number of states was too much
  // to hold: then each is to be tried. Thread-safe.
  [[nodiscard]] bool match(std::string_view text, std::vector<int>& numbers) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace stele::normalise
