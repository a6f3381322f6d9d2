#include "sql/plan_choice.h"

#include <sqlite3.h>

#include <algorithm>

namespace stele::sql {
namespace {

using Kind = Column::Kind;

constexpr std::size_t kPartsMax = 30;  // SQLite counts lists in 32 bits

const Column& column_at(int number) { return columns()[static_cast<std::size_t>(number)]; }

std::optional<Compare> compare_of(int op) {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
    case SQLITE_INDEX_CONSTRAINT_IS: return Compare::kEqual;
    case SQLITE_INDEX_CONSTRAINT_LT: return Compare::kLess;
    case SQLITE_INDEX_CONSTRAINT_LE: return Compare::kAtMost;
    case SQLITE_INDEX_CONSTRAINT_GT: return Compare::kMore;
    case SQLITE_INDEX_CONSTRAINT_GE: return Compare::kAtLeast;
    case SQLITE_INDEX_CONSTRAINT_LIKE: return Compare::kLike;
    case SQLITE_INDEX_CONSTRAINT_GLOB: return Compare::kGlob;
    case SQLITE_INDEX_CONSTRAINT_ISNULL: return Compare::kNull;
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL: return Compare::kNotNull;
    default: return std::nullopt;
  }
}

// How many of a hundred thousand rows are left by it, about.
double share(const Column& column, Compare compare) {
  if (column.kind == Kind::kQuery) return 0.1;
  if (compare != Compare::kEqual) return compare == Compare::kNotNull ? 0.9 : 0.25;
  switch (column.kind) {
    case Kind::kIndex:
    case Kind::kId: return 0;
    case Kind::kTime:
    case Kind::kReceived: return 0.00001;
    default: return column.name == "event_id" || column.name == "request_id" ? 0.00001 : 0.05;
  }
}

class Choice {
 public:
  Choice(View& view, sqlite3_index_info& info) : view_(view), info_(info), rows_(static_cast<double>(view.size) + 1) {}

  Result<std::optional<ScanPlan>> make() {
    if (queries() > 1) return invalid("q stands once: WHERE q = 'actor:ada since:30d' means both");
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (!look_at(i)) return std::optional<ScanPlan>();
    }
    choose_order();
    info_.estimatedRows = std::max<sqlite3_int64>(1, static_cast<sqlite3_int64>(rows_));
    info_.estimatedCost = 50 + rows_;
    if (unique_) info_.idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    return std::optional<ScanPlan>(std::move(plan_));
  }

 private:
  [[nodiscard]] std::ptrdiff_t queries() const {
    return std::count_if(info_.aConstraint, info_.aConstraint + info_.nConstraint,
                         [](const auto& one) { return one.op == SQLITE_INDEX_CONSTRAINT_EQ && one.iColumn == query_column(); });
  }

  // False for a query whose text is not known yet.
  bool look_at(int i) {
    const auto& constraint = info_.aConstraint[i];
    const auto compare = compare_of(constraint.op);
    if (!compare || constraint.iColumn < 0) return true;
    const Column& column = column_at(constraint.iColumn);
    const bool query = column.kind == Kind::kQuery;
    if (query && constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) return true;
    if (!constraint.usable) return !query;
    const bool says = query || (can_say(column, *compare) && is_plain(i, *compare));
    if (!says || (plan_.parts.size() == kPartsMax && !query)) return true;
    auto& usage = info_.aConstraintUsage[i];
    usage.argvIndex = static_cast<int>(plan_.parts.size()) + 1;
    usage.omit = query ? 1 : 0;  // SQLite looks at the rest once more: what is left may be more than is meant
    const bool one_of = *compare == Compare::kEqual && sqlite3_vtab_in(&info_, i, 1) != 0;
    plan_.parts.push_back({constraint.iColumn, *compare, one_of});
    rows_ *= std::min(1.0, share(column, *compare) * (one_of ? 5 : 1));
    unique_ = unique_ || (column.kind == Kind::kIndex && *compare == Compare::kEqual && !one_of);
    return true;
  }

  // Whether texts compare by their bytes; patterns do by themselves.
  bool is_plain(int i, Compare compare) {
    if (compare == Compare::kLike || compare == Compare::kGlob) return true;
    const char* const collation = sqlite3_vtab_collation(&info_, i);
    return collation == nullptr || std::string_view(collation) == "BINARY";
  }

  void choose_order() {
    if (info_.nOrderBy > 0 && (choose_log_order() || choose_groups())) info_.orderByConsumed = 1;
  }

  // Times of receipt never go back, and no two entries have one place.
  bool choose_log_order() {
    const bool descending = info_.aOrderBy[0].desc != 0;
    for (int i = 0; i < info_.nOrderBy; ++i) {
      const auto& by = info_.aOrderBy[i];
      if (by.iColumn < 0 || (by.desc != 0) != descending) return false;
      const Kind kind = column_at(by.iColumn).kind;
      if (kind == Kind::kIndex) break;
      if (kind != Kind::kReceived) return false;
    }
    plan_.newest_first = descending;
    return true;
  }

  // Where nothing is asked for but what rows are sorted by, equal rows need no telling apart.
  bool choose_groups() {
    sqlite3_uint64 left = info_.colUsed & ~(sqlite3_uint64{1} << query_column());
    std::vector<SortKey> keys;
    for (int i = 0; i < info_.nOrderBy; ++i) {
      const auto& by = info_.aOrderBy[i];
      if (by.iColumn < 0 || column_at(by.iColumn).kind != Kind::kText) return false;
      left &= ~(sqlite3_uint64{1} << by.iColumn);
      keys.push_back({by.iColumn, by.desc != 0});
    }
    if (left != 0 ||
        !std::all_of(keys.begin(), keys.end(), [&](const SortKey& key) { return has_few_values(view_, key.column); }))
      return false;
    plan_.keys = std::move(keys);
    plan_.once = sqlite3_vtab_distinct(&info_) >= 2;
    return true;
  }

  View& view_;
  sqlite3_index_info& info_;
  ScanPlan plan_;
  double rows_;
  bool unique_ = false;
};

}  // namespace

Result<std::optional<ScanPlan>> choose_plan(View& view, sqlite3_index_info& info) { return Choice(view, info).make(); }

}  // namespace stele::sql
