#include "sources/tally.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace stele::sources {

std::uint64_t Tally::stored() const { return std::accumulate(by_category.begin(), by_category.end(), std::uint64_t{0}); }

void Tally::add(const Tally& other) {
  for (std::size_t i = 0; i < by_category.size(); ++i) by_category[i] += other.by_category[i];
  quarantined += other.quarantined;
  refused += other.refused;
  refused_requests += other.refused_requests;
  unattributed += other.unattributed;
  without_origin += other.without_origin;
  redacted += other.redacted;
  ahead += other.ahead;
  behind += other.behind;
}

void Skew::add(UnixNanos received_minus_time) {
  if (received_minus_time < 0) {
    ahead_most_ = std::max(ahead_most_, -received_minus_time);
    return;
  }
  behind_most_ = std::max(behind_most_, received_minus_time);
  const auto millis = static_cast<std::uint64_t>(received_minus_time / 1'000'000);
  ++behind_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(millis)), kBuckets - 1)];
}

UnixNanos Skew::behind_at(double share) const {
  const auto all = std::accumulate(behind_.begin(), behind_.end(), std::uint64_t{0});
  const auto wanted = static_cast<std::uint64_t>(static_cast<double>(all) * share);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += behind_[i];
    if (seen > wanted) return static_cast<UnixNanos>(std::uint64_t{1} << i) * 1'000'000;
  }
  return 0;
}

}  // namespace stele::sources
