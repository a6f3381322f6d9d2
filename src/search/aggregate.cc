#include "search/aggregate.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "query/number.h"
#include "search/calendar.h"
#include "search/dense_count.h"
#include "search/event_times.h"
#include "search/field_values.h"
#include "search/measure.h"
#include "search/tile_search.h"

namespace stele::search {
namespace {

using index::Bits;
using index::kChunkRows;

// A group's key: numbers of texts, or beginnings of units of time.
using Key = std::array<std::uint64_t, kGroupKeysMax>;

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = 0;
    for (const std::uint64_t part : key) hash = (hash ^ part) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 29;
  }
};

struct Gathered {
  std::uint64_t count = 0;
  std::vector<Measure> measures;
};

class Aggregation {
 public:
  Aggregation(TileSearch& tiles, const AggregateRequest& request, std::uint64_t size) : tiles_(tiles), request_(request) {
    result_.size = size;
    for (const GroupKey& key : request.by) {
      wants_times_ = wants_times_ || key.unit;
      keys_.push_back(key.unit ? nullptr : field(key.paths));
      count_keys_.push_back({keys_.back(), key.unit.value_or(TimeUnit::kDay)});
    }
    for (const Metric& metric : request.metrics) {
      const bool of_times = metric.kind == Metric::Kind::kFirst || metric.kind == Metric::Kind::kLast;
      wants_times_ = wants_times_ || of_times;
      measured_.push_back(of_times ? nullptr : field(metric.paths));
    }
  }

  Result<AggregateResult> run() {
    index::Answer answer;
    for (std::uint64_t tile = tiles_.first() / kChunkRows; tile * kChunkRows < tiles_.end(); ++tile) {
      STELE_TRY(tiles_.ask(tile, answer));
      if (!answer.maybe.any()) continue;
      STELE_ASSIGN(const Bits rows, tiles_.decide_all(tile, answer));
      STELE_TRY(take(tile, rows));
    }
    return finish();
  }

 private:
  FieldValues* field(const std::vector<std::string>& paths) {
    auto& known = fields_[paths];
    if (!known) known = std::make_unique<FieldValues>(paths, texts_);
    return known.get();
  }

  Status take(std::uint64_t tile, const Bits& rows) {
    const std::uint32_t count = rows.count();
    if (count == 0) return {};
    result_.total += count;
    if (request_.metrics.empty() && !keys_.empty()) {
      Status counted;
      if (count_dense(tiles_, tile, rows, count_keys_, [&](std::span<const std::uint64_t> parts, std::uint64_t rows_of) {
            Key key;
            key.fill(kNoPart);
            std::copy(parts.begin(), parts.end(), key.begin());
            Gathered* const group_of = group(key);
            if (group_of == nullptr) {
              counted = too_many("groups");
            } else {
              group_of->count += rows_of;
            }
          }))
        return counted;
    }
    for (const auto& [paths, values] : fields_) STELE_TRY(values->load(tiles_, tile, rows));
    if (wants_times_) STELE_TRY(times_.load(tiles_, tile, rows));
    constexpr std::size_t kTextBytesMax = 256U << 20;
    if (texts_.bytes() > kTextBytesMax) return too_many("values");
    // The place of each key's further values; rows ascend, and so do they.
    std::array<std::size_t, kGroupKeysMax> at{};
    Status status;
    Key key;
    key.fill(kNoPart);
    Gathered* last = nullptr;
    Key last_key{};
    rows.for_each([&](std::uint32_t row) {
      bool several = false;
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        key[i] = part_of(i, row);
        several = skip_to(i, row, at[i]) || several;
      }
      if (several) {
        status = add_several(row, at, 0, key);
      } else {
        if (last == nullptr || key != last_key) {
          last = group(key);
          last_key = key;
        }
        status = add(last, row);
      }
      return status.ok();
    });
    return status;
  }

  // Whether the row has further values of key `i`; leaves in `at` where they begin.
  bool skip_to(std::size_t i, std::uint32_t row, std::size_t& at) const {
    if (keys_[i] == nullptr) return false;
    const auto& further = keys_[i]->further();
    while (at < further.size() && further[at].first < row) ++at;
    return at < further.size() && further[at].first == row;
  }

  [[nodiscard]] std::uint64_t part_of(std::size_t i, std::uint32_t row) {
    if (keys_[i] != nullptr) {
      const std::uint32_t text = keys_[i]->first(row);
      return text == kNoValue ? kNoPart : text;
    }
    const auto time = times_.at(row);
    if (!time) return kNoPart;
    // Events of one tile lie in few units.
    UnitSeen& seen = units_[i];
    if (*time < seen.begin || *time >= seen.end) {
      const TimeUnit unit = *request_.by[i].unit;
      seen.begin = unit_begin(*time, unit);
      constexpr std::int64_t kLongest = 366 * 86'400 * kSecond;
      // The unit ends where another begins: within a day for the short ones, looked for by days for the others.
      constexpr std::int64_t kMinute = 60 * kSecond;
      const std::int64_t step = unit == TimeUnit::kMinute ? kMinute : unit == TimeUnit::kHour ? 60 * kMinute : 1440 * kMinute;
      seen.end = seen.begin + step;
      while (unit_begin(seen.end, unit) == seen.begin && seen.end - seen.begin < kLongest) seen.end += step;
    }
    return static_cast<std::uint64_t>(seen.begin);
  }

  // Every combination of the values of the keys from `i` on.
  Status add_several(std::uint32_t row, const std::array<std::size_t, kGroupKeysMax>& at, std::size_t i, Key key) {
    if (i == keys_.size()) {
      constexpr std::size_t kAsksEach = 4'096;
      if (++combinations_ % kAsksEach == 0) STELE_TRY(tiles_.go_on());
      return add(group(key), row);
    }
    key[i] = part_of(i, row);
    STELE_TRY(add_several(row, at, i + 1, key));
    if (keys_[i] == nullptr) return {};
    const auto& further = keys_[i]->further();
    for (std::size_t place = at[i]; place < further.size() && further[place].first == row; ++place) {
      key[i] = further[place].second;
      STELE_TRY(add_several(row, at, i + 1, key));
    }
    return {};
  }

  // Null when there are too many.
  Gathered* group(const Key& key) {
    if (groups_.size() >= kGroupsMax && !groups_.contains(key)) return nullptr;
    Gathered& out = groups_[key];
    if (out.count == 0 && out.measures.empty()) out.measures.resize(request_.metrics.size());
    return &out;
  }

  Status add(Gathered* group, std::uint32_t row) {
    if (group == nullptr) return too_many("groups");
    ++group->count;
    for (std::size_t i = 0; i < measured_.size(); ++i) {
      const Metric& metric = request_.metrics[i];
      Measure& measure = group->measures[i];
      if (measured_[i] == nullptr) {
        if (const auto time = times_.at(row)) measure.add_time(*time);
        continue;
      }
      add_value(metric, measure, measured_[i]->first(row));
      const auto& further = measured_[i]->further();
      for (auto it =
               std::lower_bound(further.begin(), further.end(), std::pair{static_cast<std::uint16_t>(row), std::uint32_t{0}});
           it != further.end() && it->first == row; ++it)
        add_value(metric, measure, it->second);
    }
    return collected_ > kCollectedMax ? too_many("values") : Status();
  }

  void add_value(const Metric& metric, Measure& measure, std::uint32_t text) {
    if (text == kNoValue) return;
    if (metric.kind == Metric::Kind::kDistinct) {
      collected_ += measure.add_text(text);
    } else if (const auto number = query::Number::parse(texts_.text(text))) {
      collected_ += measure.add_number(number->value(), metric.kind == Metric::Kind::kPercentile);
    }
  }

  static Error too_many(const char* what) {
    return {Code::kTooLarge, std::string("there are too many ") + what + "; narrow the query or group by less"};
  }

  [[nodiscard]] std::optional<std::string> text_of(std::size_t i, std::uint64_t part) const {
    if (part == kNoPart) return std::nullopt;
    if (request_.by[i].unit) return unit_text(static_cast<std::int64_t>(part), *request_.by[i].unit);
    return texts_.text(static_cast<std::uint32_t>(part));
  }

  // Whether group `a` comes before `b`.
  [[nodiscard]] bool before(const std::pair<const Key, Gathered>& a, const std::pair<const Key, Gathered>& b) const {
    if (request_.order == GroupOrder::kCount && a.second.count != b.second.count) return a.second.count > b.second.count;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const std::uint64_t left = a.first[i];
      const std::uint64_t right = b.first[i];
      if (left == right) continue;
      if (left == kNoPart || right == kNoPart) return right == kNoPart;  // those without a value last
      if (keys_[i] == nullptr) return static_cast<std::int64_t>(left) < static_cast<std::int64_t>(right);
      return texts_.text(static_cast<std::uint32_t>(left)) < texts_.text(static_cast<std::uint32_t>(right));
    }
    return false;
  }

  AggregateResult finish() {
    std::vector<std::pair<const Key, Gathered>*> order;
    for (auto& group : groups_) order.push_back(&group);
    const auto count = std::min<std::size_t>(order.size(), request_.limit);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                      [&](const auto* a, const auto* b) { return before(*a, *b); });
    result_.groups_total = order.size();
    for (std::size_t i = 0; i < count; ++i) {
      Group& group = result_.groups.emplace_back();
      group.count = order[i]->second.count;
      for (std::size_t j = 0; j < keys_.size(); ++j) group.key.push_back(text_of(j, order[i]->first[j]));
      for (std::size_t j = 0; j < request_.metrics.size(); ++j)
        group.metrics.push_back(order[i]->second.measures[j].result(request_.metrics[j]));
    }
    return std::move(result_);
  }

  struct UnitSeen {
    std::int64_t begin = 1;
    std::int64_t end = 0;
  };

  TileSearch& tiles_;
  const AggregateRequest& request_;
  Texts texts_;
  std::map<std::vector<std::string>, std::unique_ptr<FieldValues>> fields_;
  EventTimes times_;
  bool wants_times_ = false;
  std::vector<FieldValues*> keys_;      // null: of time
  std::vector<CountKey> count_keys_;    // the same
  std::vector<FieldValues*> measured_;  // null: of time
  std::array<UnitSeen, kGroupKeysMax> units_;
  std::unordered_map<Key, Gathered, KeyHash> groups_;
  std::size_t collected_ = 0;
  std::size_t combinations_ = 0;
  AggregateResult result_;
};

}  // namespace

Result<AggregateResult> aggregate(const Searched& searched, const query::Term& term, const AggregateRequest& request,
                                  const GoOn& go_on) {
  const auto store = searched.log->store();
  const std::uint64_t size = store->size();
  STELE_ASSIGN(const auto tiles, TileSearch::make(*searched.indexer, store, searched.within(term), size, go_on));
  return Aggregation(*tiles, request, size).run();
}

}  // namespace stele::search
