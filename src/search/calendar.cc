#include "search/calendar.h"

#include <fmt/format.h>

#include <chrono>

#include "base/clock.h"

namespace stele::search {
namespace {

using Days = std::chrono::sys_days;

constexpr std::int64_t kDay = 86'400 * kSecond;

std::int64_t floor_to(std::int64_t time, std::int64_t unit) {
  const std::int64_t rest = time % unit;
  return time - rest - (rest < 0 ? unit : 0);
}

Days day_of(std::int64_t time) { return Days(std::chrono::days(floor_to(time, kDay) / kDay)); }
std::int64_t nanos_of(Days day) { return day.time_since_epoch().count() * kDay; }

}  // namespace

std::int64_t unit_begin(std::int64_t time, TimeUnit unit) {
  const auto date = [&] { return std::chrono::year_month_day(day_of(time)); };
  switch (unit) {
    case TimeUnit::kMinute: return floor_to(time, 60 * kSecond);
    case TimeUnit::kHour: return floor_to(time, 3600 * kSecond);
    case TimeUnit::kDay: return floor_to(time, kDay);
    case TimeUnit::kWeek: {
      const Days day = day_of(time);
      return nanos_of(day - (std::chrono::weekday(day) - std::chrono::Monday));
    }
    case TimeUnit::kMonth: return nanos_of(Days(date().year() / date().month() / 1));
    case TimeUnit::kYear: return nanos_of(Days(date().year() / std::chrono::January / 1));
  }
  return time;
}

std::int64_t unit_least(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMinute: return 60 * kSecond;
    case TimeUnit::kHour: return 3600 * kSecond;
    case TimeUnit::kDay: return kDay;
    case TimeUnit::kWeek: return 7 * kDay;
    case TimeUnit::kMonth: return 28 * kDay;
    case TimeUnit::kYear: return 365 * kDay;
  }
  return kDay;
}

std::string unit_text(std::int64_t begin, TimeUnit unit) {
  const std::chrono::year_month_day date{day_of(begin)};
  const int year = static_cast<int>(date.year());
  const auto month = static_cast<unsigned>(date.month());
  const std::int64_t minute = (begin - floor_to(begin, kDay)) / (60 * kSecond);
  switch (unit) {
    case TimeUnit::kYear: return fmt::format("{:04}", year);
    case TimeUnit::kMonth: return fmt::format("{:04}-{:02}", year, month);
    case TimeUnit::kDay:
    case TimeUnit::kWeek: return fmt::format("{:04}-{:02}-{:02}", year, month, static_cast<unsigned>(date.day()));
    case TimeUnit::kHour:
    case TimeUnit::kMinute: break;
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}Z", year, month, static_cast<unsigned>(date.day()), minute / 60, minute % 60);
}

}  // namespace stele::search
