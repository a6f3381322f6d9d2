#include "sql/constraints.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/clock.h"
#include "base/json_text.h"
#include "event/entry.h"
#include "query/number.h"
#include "query/term_maker.h"

namespace stele::sql {
namespace {

using Kind = Column::Kind;
using query::Condition;
using query::Term;

// The whole years that 64 bits of nanoseconds hold.
constexpr UnixNanos kFirstTime = -9'214'560'000'000'000'000;
constexpr UnixNanos kLastTime = 9'214'646'399'999'999'999;

bool is_upper_bound(Compare compare) { return compare == Compare::kLess || compare == Compare::kAtMost; }
bool is_lower_bound(Compare compare) { return compare == Compare::kMore || compare == Compare::kAtLeast; }

Term field(const Column& column, Condition test) {
  Term out;
  out.kind = Term::Kind::kField;
  for (const std::string_view path : column.paths) {
    if (!path.empty()) out.paths.emplace_back(path);
  }
  out.test = std::move(test);
  return out;
}

// The first time whose text passes; one behind the last when none does. A text that passes has only such behind it.
template <typename Passes>
UnixNanos first_time(Passes&& passes) {
  UnixNanos low = kFirstTime;
  UnixNanos high = kLastTime + 1;
  while (low < high) {
    const std::uint64_t between = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const UnixNanos middle = low + static_cast<UnixNanos>(between / 2);
    if (passes(format_time(middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

Term times(const Column& column, std::optional<UnixNanos> from, std::optional<UnixNanos> before) {
  if (from && before && *from >= *before) return no_row();
  Term out;
  out.kind = column.kind == Kind::kTime ? Term::Kind::kTime : Term::Kind::kReceived;
  out.from = from;
  out.before = before;
  return out;
}

// Times are texts of one width: they compare as the moments do.
std::optional<Term> time_term(const Column& column, Compare compare, std::string_view text) {
  const auto at_least = [&] { return first_time([&](const std::string& time) { return time >= text; }); };
  const auto more = [&] { return first_time([&](const std::string& time) { return time > text; }); };
  switch (compare) {
    case Compare::kEqual: return times(column, at_least(), more());
    case Compare::kLess: return times(column, std::nullopt, at_least());
    case Compare::kAtMost: return times(column, std::nullopt, more());
    case Compare::kMore: return times(column, more(), std::nullopt);
    case Compare::kAtLeast: return times(column, at_least(), std::nullopt);
    case Compare::kLike:
    case Compare::kGlob: {
      // What a pattern begins with. Times have no small letters.
      std::string start(text.substr(0, text.find_first_of(compare == Compare::kLike ? "%_" : "*?[")));
      if (compare == Compare::kLike)
        std::transform(start.begin(), start.end(), start.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
      const UnixNanos from = first_time([&](const std::string& time) { return time >= start; });
      const UnixNanos before = first_time([&](const std::string& time) { return time.substr(0, start.size()) > start; });
      return times(column, from, before);
    }
    default: return std::nullopt;
  }
}

// What stands between the places where anything may; a place for one character counts as one for any number of them. SQLite
// reads texts up to a character of value 0, so that anything may stand behind.
Term pattern_term(const Column& column, Compare compare, std::string_view pattern) {
  std::vector<std::string> pieces(1);
  for (const char c : pattern.substr(0, pattern.find('\0'))) {
    if (compare == Compare::kGlob && c == '[') break;
    const bool any = compare == Compare::kLike ? c == '%' || c == '_' : c == '*' || c == '?';
    if (!any) {
      pieces.back().push_back(c);
    } else if (!pieces.back().empty() || pieces.size() == 1) {
      pieces.emplace_back();
    }
  }
  if (pieces.size() == 1 || !pieces.back().empty()) pieces.emplace_back();
  const bool anything = std::all_of(pieces.begin(), pieces.end(), [](const std::string& one) { return one.empty(); });
  return field(column, anything ? Condition::any() : Condition::like(pieces));
}

std::optional<Term> text_term(const Column& column, Compare compare, std::string_view text) {
  if (compare == Compare::kEqual) return field(column, Condition::is(std::string(text)));
  // Bytes that are no characters may be alike for SQLite.
  if ((compare == Compare::kLike || compare == Compare::kGlob) && is_utf8(text)) return pattern_term(column, compare, text);
  return std::nullopt;
}

Term id_term(std::string_view text) {
  const bool digits = text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
  if (text.size() != event::kIdWidth || !digits) return no_row();
  Term out;
  out.kind = Term::Kind::kEntryId;
  out.id = text;
  return out;
}

Term place_term(Compare compare, std::int64_t number) {
  Term out;
  out.kind = Term::Kind::kIndex;
  const auto at = static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
  if (compare == Compare::kEqual) {
    if (number < 0) return no_row();
    out.first = at;
    out.end = at + 1;
  } else if (is_upper_bound(compare)) {
    if (number < 0) return no_row();
    out.end = compare == Compare::kAtMost ? at + 1 : at;
  } else {
    out.first = compare == Compare::kMore && number >= 0 ? at + 1 : at;
  }
  return out;
}

Term number_term(const Column& column, Compare compare, std::int64_t number) {
  const bool included = compare != Compare::kLess && compare != Compare::kMore;
  const Condition::Bound bound{query::Number::of(number), included};
  std::optional<Condition::Bound> low;
  std::optional<Condition::Bound> high;
  if (!is_upper_bound(compare)) low = bound;
  if (!is_lower_bound(compare)) high = bound;
  return field(column, Condition::number(low, high));
}

}  // namespace

query::Term no_row() {
  Term out;
  out.kind = Term::Kind::kIndex;
  out.end = 0;
  return out;
}

bool can_say(const Column& column, Compare compare) {
  const bool pattern = compare == Compare::kLike || compare == Compare::kGlob;
  const bool null = compare == Compare::kNull || compare == Compare::kNotNull;
  switch (column.kind) {
    case Kind::kIndex: return !pattern && !null;
    case Kind::kId: return compare == Compare::kEqual;
    case Kind::kReceived:
    case Kind::kTime: return !null;
    case Kind::kText: return pattern || null || compare == Compare::kEqual;
    case Kind::kNumber: return !pattern;
    default: return false;
  }
}

Status check_time(const Column& column, Compare compare, const Operand& operand) {
  const auto* text = std::get_if<std::string_view>(&operand);
  const bool of_times = column.kind == Kind::kTime || column.kind == Kind::kReceived;
  if (!of_times || text == nullptr || compare == Compare::kLike || compare == Compare::kGlob) return {};
  // As SQLite's datetime() has it: without a zone, and a space between.
  constexpr std::size_t kDateEnd = 10;
  std::string rfc3339(*text);
  if (rfc3339.size() > kDateEnd && rfc3339[kDateEnd] == ' ') {
    rfc3339[kDateEnd] = 'T';
    rfc3339 += 'Z';
  }
  const auto moment = parse_time(rfc3339);
  if (!moment || format_time(*moment) == *text) return {};
  const std::string stored = format_time(*moment);
  return invalid(std::string(column.name) + " is compared as text, and '" + std::string(*text) + "' is '" + stored +
                 "' there, or what that begins with; strftime('%Y-%m-%dT%H:%M:%S', ...) makes such a beginning");
}

std::optional<query::Term> term_of(const Column& column, Compare compare, const Operand& operand) {
  if (!can_say(column, compare)) return std::nullopt;
  if (compare == Compare::kNull) return query::none_of(field(column, Condition::any()));
  if (compare == Compare::kNotNull) return field(column, Condition::any());
  if (column.kind == Kind::kIndex || column.kind == Kind::kNumber) {
    const auto* number = std::get_if<std::int64_t>(&operand);
    if (number == nullptr) return std::nullopt;
    return column.kind == Kind::kIndex ? place_term(compare, *number) : number_term(column, compare, *number);
  }
  const auto* text = std::get_if<std::string_view>(&operand);
  if (text == nullptr) return std::nullopt;
  if (column.kind == Kind::kId) return id_term(*text);
  return column.kind == Kind::kText ? text_term(column, compare, *text) : time_term(column, compare, *text);
}

}  // namespace stele::sql
