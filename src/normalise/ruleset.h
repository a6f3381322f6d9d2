// All rules together: which of them is for a record, and what it concludes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "normalise/normaliser_file.h"

namespace stele::normalise {

inline constexpr std::size_t kRulesMax = 10'000;

// Unchanging once made: conclude() is thread-safe.
class Ruleset {
 public:
  // The rules of earlier normalisers go before those of later ones; one with the name of an earlier one is left out.
  static Result<Ruleset> make(std::vector<Normaliser> normalisers);

  // Lets the first rule that fits conclude, and returns it. Null when none does; the draft is then as it was.
  const Rule* conclude(const Record& record, Draft& draft) const;

  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

 private:
  using Numbers = std::vector<int>;  // of rules, ascending
  void index(int number);
  void candidates(const Record& record, Numbers& out) const;
  void append_by_field(const Record& record, std::string_view field, Numbers& out) const;

  std::vector<Rule> rules_;
  ExpressionSet expressions_;
  Numbers with_expression_;
  // Those without an expression, by what they ask of `app` or `format`.
  std::map<std::string, Numbers, std::less<>> by_field_;  // "app=cron"
  Numbers others_;
};

}  // namespace stele::normalise
