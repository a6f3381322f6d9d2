#include "base/clock.h"

#include <ctime>

namespace stele {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UnixNanos now() const override { return read(CLOCK_REALTIME); }
  [[nodiscard]] std::int64_t monotonic() const override { return read(CLOCK_MONOTONIC); }

 private:
  static std::int64_t read(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return t.tv_sec * kSecond + t.tv_nsec;
  }
};

struct CivilDate {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

// Days since 1970-01-01 to a proleptic Gregorian date and back, by eras of 400 years that start on 1 March.
CivilDate civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto doe = static_cast<unsigned>(days - era * 146'097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1};
}

std::int64_t days_from_civil(const CivilDate& date) {
  const std::int64_t y = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + static_cast<std::int64_t>(doe) - 719'468;
}

void put_digits(char* out, std::int64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// Reads fixed-width fields off the front of a text; any mismatch is remembered and spoils the whole.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  unsigned digits(std::size_t width) {
    if (rest_.size() < width) return fail();
    unsigned v = 0;
    for (const char c : rest_.substr(0, width)) {
      if (c < '0' || c > '9') return fail();
      v = v * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(width);
    return v;
  }
  bool accept(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view any_of) {
    if (!accept(any_of)) ok_ = false;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  unsigned fail() {
    ok_ = false;
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

unsigned days_in_month(std::int64_t year, unsigned month) {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

void format_time(UnixNanos time, char* out) {
  std::int64_t seconds = time / kSecond;
  std::int64_t nanos = time % kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  std::int64_t days = seconds / kSecondsPerDay;
  std::int64_t of_day = seconds % kSecondsPerDay;
  if (of_day < 0) {
    of_day += kSecondsPerDay;
    --days;
  }
  const CivilDate date = civil_from_days(days);
  put_digits(out, date.year, 4);
  out[4] = '-';
  put_digits(out + 5, date.month, 2);
  out[7] = '-';
  put_digits(out + 8, date.day, 2);
  out[10] = 'T';
  put_digits(out + 11, of_day / 3600, 2);
  out[13] = ':';
  put_digits(out + 14, of_day / 60 % 60, 2);
  out[16] = ':';
  put_digits(out + 17, of_day % 60, 2);
  out[19] = '.';
  put_digits(out + 20, nanos, 9);
  out[29] = 'Z';
}

std::string format_time(UnixNanos time) {
  std::string out(kTimeWidth, '\0');
  format_time(time, out.data());
  return out;
}

std::optional<UnixNanos> parse_time(std::string_view text) {
  FieldReader in(text);
  CivilDate date{};
  date.year = in.digits(4);
  in.expect("-");
  date.month = in.digits(2);
  in.expect("-");
  date.day = in.digits(2);
  in.expect("Tt");
  const unsigned hour = in.digits(2);
  in.expect(":");
  const unsigned minute = in.digits(2);
  in.expect(":");
  unsigned second = in.digits(2);
  std::int64_t nanos = 0;
  if (in.accept(".")) {
    std::int64_t unit = kSecond;
    do {
      unit /= 10;
      if (unit == 0) return std::nullopt;
      nanos += unit * in.digits(1);
    } while (in.ok() && !in.rest().empty() && in.rest()[0] >= '0' && in.rest()[0] <= '9');
  }
  std::int64_t offset = 0;
  if (!in.accept("Zz")) {
    const bool west = !in.rest().empty() && in.rest()[0] == '-';
    in.expect("+-");
    const unsigned offset_hour = in.digits(2);
    in.expect(":");
    const unsigned offset_minute = in.digits(2);
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset = static_cast<std::int64_t>(offset_hour * 3600 + offset_minute * 60) * (west ? -1 : 1);
  }
  if (!in.ok() || !in.rest().empty()) return std::nullopt;
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > days_in_month(date.year, date.month)) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  if (second == 60) {
    second = 59;
    nanos = kSecond - 1;
  }
  const std::int64_t seconds = days_from_civil(date) * kSecondsPerDay + hour * 3600 + minute * 60 + second - offset;
  // The whole years 1678 to 2261 fit into 64-bit nanoseconds.
  constexpr std::int64_t kFirst = -9'214'560'000;
  constexpr std::int64_t kLast = 9'214'646'399;
  if (seconds < kFirst || seconds > kLast) return std::nullopt;
  return seconds * kSecond + nanos;
}

}  // namespace stele
