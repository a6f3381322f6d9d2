// Counts and sums over the entries that a query means, in groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/term.h"
#include "search/go_on.h"
#include "search/searched.h"

namespace stele::search {

enum class TimeUnit : std::uint8_t { kMinute, kHour, kDay, kWeek, kMonth, kYear };  // of UTC; weeks begin on Mondays

// What entries are grouped by: a field, which is the first of its paths that an entry has; or the time of the event.
struct GroupKey {
  std::vector<std::string> paths;
  std::optional<TimeUnit> unit;  // instead
};

struct Metric {
  enum class Kind : std::uint8_t { kFirst, kLast, kDistinct, kSum, kMin, kMax, kAverage, kPercentile };
  Kind kind = Kind::kFirst;
  std::vector<std::string> paths;  // of all but kFirst and kLast, which are of event times
  double percentile = 0;           // 0 to 100
};

enum class GroupOrder : std::uint8_t { kCount, kKey };

struct AggregateRequest {
  std::vector<GroupKey> by;  // at most kGroupKeysMax; none: one group
  std::vector<Metric> metrics;
  GroupOrder order = GroupOrder::kCount;
  std::uint64_t limit = 100;
};

inline constexpr std::size_t kGroupKeysMax = 4;
inline constexpr std::size_t kMetricsMax = 16;
inline constexpr std::size_t kGroupsMax = 1'000'000;
inline constexpr std::size_t kCollectedMax = 20'000'000;  // values of distinct counts and percentiles together

struct Group {
  std::vector<std::optional<std::string>> key;  // nothing: entries without a value there
  std::uint64_t count = 0;
  std::vector<std::optional<std::string>> metrics;  // as JSON: numbers, and times in quotes; nothing where no entry has a value
};

struct AggregateResult {
  std::vector<Group> groups;  // the first of them in the order that was asked for
  std::uint64_t groups_total = 0;
  std::uint64_t total = 0;  // entries that the query means
  std::uint64_t size = 0;   // entries of the log that were searched
};

// An entry with several values at a path counts in the group of each. kTooLarge when there are too many groups or values, and as
// search() otherwise.
Result<AggregateResult> aggregate(const Searched& searched, const query::Term& term, const AggregateRequest& request,
                                  const GoOn& go_on);

}  // namespace stele::search
