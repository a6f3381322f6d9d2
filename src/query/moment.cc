#include "query/moment.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "query/text.h"

namespace stele::query {
namespace {

constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// Where these stand in a date with a time: 2026-11-23T16:20:00.123
constexpr std::size_t kDateEnd = 10;
constexpr std::size_t kMinuteEnd = 16;
constexpr std::size_t kSecondEnd = 19;
constexpr std::size_t kTextMax = 40;

std::int64_t unit_of(char name) {
  if (name == 'M') return 0;  // elsewhere that is months
  switch (fold(name)) {
    case 's': return kSecond;
    case 'm': return kMinute;
    case 'h': return kHour;
    case 'd': return kDay;
    case 'w': return 7 * kDay;
    default: return 0;
  }
}

std::optional<Moment> parse_relative(std::string_view text, UnixNanos now) {
  if (equal_folded(text, "now")) return Moment{now, now + 1, true};
  const std::int64_t unit = text.empty() ? 0 : unit_of(text.back());
  if (unit == 0) return std::nullopt;
  const auto count = parse_decimal(text.substr(0, text.size() - 1));
  if (!count || *count > static_cast<std::uint64_t>(INT64_MAX / unit)) return std::nullopt;
  const UnixNanos first = now - static_cast<std::int64_t>(*count) * unit;
  return Moment{first, first + 1, true};
}

}  // namespace

std::optional<Moment> parse_moment(std::string_view text, UnixNanos now) {
  if (auto relative = parse_relative(text, now)) return relative;
  if (text.size() < kDateEnd || text.size() > kTextMax) return std::nullopt;
  const std::size_t zone_at = text.size() == kDateEnd ? kDateEnd : text.find_first_of("Zz+-", kDateEnd);
  std::string whole(text.substr(0, zone_at));
  const std::string zone(zone_at < text.size() ? text.substr(zone_at) : "Z");
  std::int64_t unit = kDay;
  if (whole.size() == kDateEnd) {
    if (text.size() != kDateEnd) return std::nullopt;
    whole += "T00:00:00";
  } else if (whole.size() == kMinuteEnd) {
    unit = kMinute;
    whole += ":00";
  } else {
    unit = kSecond;
    for (std::size_t i = kSecondEnd + 1; i < whole.size(); ++i) unit = std::max<std::int64_t>(unit / 10, 1);
    const bool leap = whole.size() >= kSecondEnd && whole.compare(kSecondEnd - 2, 2, "60") == 0;
    if (leap) unit = 1;  // read as the last nanosecond
  }
  const auto first = parse_time(whole + zone);
  if (!first) return std::nullopt;
  return Moment{*first, *first + unit, false};
}

}  // namespace stele::query
