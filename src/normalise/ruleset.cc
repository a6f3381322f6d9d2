#include "normalise/ruleset.h"

#include <algorithm>
#include <set>

namespace stele::normalise {
namespace {

constexpr std::string_view kIndexed[] = {"app", "format"};

std::string field_key(std::string_view field, std::string_view value) { return std::string(field) + "=" + std::string(value); }

}  // namespace

Result<Ruleset> Ruleset::make(std::vector<Normaliser> normalisers) {
  Ruleset out;
  std::set<std::string> names;
  for (Normaliser& normaliser : normalisers) {
    if (!names.insert(normaliser.name).second) continue;
    for (Rule& rule : normaliser.rules) out.rules_.push_back(std::move(rule));
  }
  if (out.rules_.size() > kRulesMax) return Error{Code::kTooLarge, "there are more than " + std::to_string(kRulesMax) + " rules"};
  for (int number = 0; number < static_cast<int>(out.rules_.size()); ++number) {
    const Rule& rule = out.rules_[static_cast<std::size_t>(number)];
    if (!rule.match) {
      out.index(number);
      continue;
    }
    const Status added = out.expressions_.add(rule.match->pattern());
    if (!added) return added.error().in(rule.by);
    out.with_expression_.push_back(number);
  }
  STELE_TRY(out.expressions_.compile());
  return out;
}

void Ruleset::index(int number) {
  for (const Condition& condition : rules_[static_cast<std::size_t>(number)].conditions) {
    if (condition.values.empty() || std::find(std::begin(kIndexed), std::end(kIndexed), condition.field) == std::end(kIndexed))
      continue;
    for (const std::string& value : condition.values) by_field_[field_key(condition.field, value)].push_back(number);
    return;
  }
  others_.push_back(number);
}

void Ruleset::append_by_field(const Record& record, std::string_view field, Numbers& out) const {
  std::string scratch;
  const auto value = record.find(field, scratch);
  if (!value) return;
  const auto found = by_field_.find(field_key(field, value->bytes));
  if (found != by_field_.end()) out.insert(out.end(), found->second.begin(), found->second.end());
}

void Ruleset::candidates(const Record& record, Numbers& out) const {
  out.clear();
  if (!record.text().empty() && !with_expression_.empty()) {
    if (expressions_.match(record.text(), out)) {
      for (int& number : out) number = with_expression_[static_cast<std::size_t>(number)];
    } else {
      out = with_expression_;
    }
  }
  for (const std::string_view field : kIndexed) append_by_field(record, field, out);
  out.insert(out.end(), others_.begin(), others_.end());
  std::sort(out.begin(), out.end());
}

const Rule* Ruleset::conclude(const Record& record, Draft& draft) const {
  thread_local Numbers numbers;
  candidates(record, numbers);
  for (const int number : numbers) {
    const Rule& rule = rules_[static_cast<std::size_t>(number)];
    if (rule.is_for(record) && rule.apply(record, draft)) return &rule;
  }
  return nullptr;
}

}  // namespace stele::normalise
