#include "sources/period.h"

#include <chrono>

#include "base/bytes.h"

namespace stele::sources {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::uint64_t kDaysMax = 36'525;
// The whole years that UnixNanos can count.
constexpr std::uint64_t kYearMin = 1970;
constexpr std::uint64_t kYearMax = 2261;

// "2026-11" and day 0 for a month, "2026-11-26" for a day.
std::optional<year_month_day> parse_date(std::string_view text, bool& month_only) {
  const auto part = [&](std::size_t at, std::size_t size) -> std::optional<std::uint64_t> {
    return parse_zero_padded(text.substr(at, size));
  };
  month_only = text.size() == 7;
  if ((text.size() != 10 && !month_only) || text[4] != '-' || (!month_only && text[7] != '-')) return std::nullopt;
  const auto year = part(0, 4);
  const auto month = part(5, 2);
  const auto day = month_only ? std::optional<std::uint64_t>(1) : part(8, 2);
  if (!year || !month || !day || *year < kYearMin || *year > kYearMax) return std::nullopt;
  const year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return date;
}

Day number_of(year_month_day date) { return static_cast<Day>(sys_days(date).time_since_epoch().count()); }

std::optional<Period> parse_one(std::string_view text) {
  bool month_only = false;
  const auto date = parse_date(text, month_only);
  if (!date) return std::nullopt;
  if (!month_only) return Period{number_of(*date), number_of(*date)};
  return Period{number_of(*date), number_of(year_month_day(date->year() / date->month() / std::chrono::last))};
}

}  // namespace

Result<Period> parse_period(std::string_view text, UnixNanos now) {
  const Day today = day_of(now);
  if (text.ends_with('d')) {
    const auto days = parse_decimal(text.substr(0, text.size() - 1));
    if (days && *days > 0 && *days <= kDaysMax) return Period{today - static_cast<Day>(*days) + 1, today};
  } else if (const auto dots = text.find(".."); dots != std::string_view::npos) {
    const auto from = parse_one(text.substr(0, dots));
    const auto to = parse_one(text.substr(dots + 2));
    if (from && to && from->from <= to->to) return Period{from->from, to->to};
  } else if (const auto one = parse_one(text)) {
    return *one;
  }
  return invalid(
      "a period is a day (2026-11-26), a month (2026-11), from..to (2026-10-01..2026-12-31), or the last days (30d), in the "
      "years 1970 to 2261, not \"" +
      std::string(text) + "\"");
}

std::string day_text(Day day) { return format_time(static_cast<UnixNanos>(day) * kDayNanos).substr(0, 10); }

}  // namespace stele::sources
