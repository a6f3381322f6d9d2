#include "search/measure.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/clock.h"

namespace stele::search {
namespace {

// Nothing for what JSON has no writing of.
std::optional<std::string> json_number(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

}  // namespace

void Measure::add_time(std::int64_t time) {
  first_ = std::min(first_.value_or(time), time);
  last_ = std::max(last_.value_or(time), time);
}

std::size_t Measure::add_text(std::uint32_t text) { return distinct_.insert(text).second ? 1 : 0; }

std::size_t Measure::add_number(double number, bool keep) {
  least_ = count_ == 0 ? number : std::min(least_, number);
  most_ = count_ == 0 ? number : std::max(most_, number);
  sum_ += number;
  ++count_;
  if (!keep) return 0;
  kept_.push_back(number);
  return 1;
}

std::optional<std::string> Measure::result(const Metric& metric) {
  using Kind = Metric::Kind;
  const auto time = [](const std::optional<std::int64_t>& at) {
    return at ? std::optional('"' + format_time(*at) + '"') : std::nullopt;
  };
  switch (metric.kind) {
    case Kind::kFirst: return time(first_);
    case Kind::kLast: return time(last_);
    case Kind::kDistinct: return std::to_string(distinct_.size());
    default: break;
  }
  if (count_ == 0) return std::nullopt;
  switch (metric.kind) {
    case Kind::kSum: return json_number(sum_);
    case Kind::kMin: return json_number(least_);
    case Kind::kMax: return json_number(most_);
    case Kind::kAverage: return json_number(sum_ / static_cast<double>(count_));
    default: break;
  }
  // The nearest rank: the least value that so many of a hundred do not exceed.
  const double share = metric.percentile / 100 * static_cast<double>(kept_.size());
  const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(share))) - 1;
  const auto at = kept_.begin() + static_cast<std::ptrdiff_t>(std::min(rank, kept_.size() - 1));
  std::nth_element(kept_.begin(), at, kept_.end());
  return json_number(*at);
}

}  // namespace stele::search
