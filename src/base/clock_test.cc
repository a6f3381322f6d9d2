// Times as text: RFC 3339 in, a fixed width out.
#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string>
#include <string_view>

namespace stele {
namespace {

// The canonical form of what `text` says; empty when it is refused.
std::string canonical(std::string_view text) {
  const auto time = parse_time(text);
  return time ? format_time(*time) : "";
}

// Goal: the written form has one width, whatever the instant.
TEST(FormatTime, writes_fixed_width) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(format_time(1), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(format_time(kSecond - 1), "1970-01-01T00:00:00.999999999Z");
  EXPECT_EQ(format_time(951'782'399 * kSecond), "2000-02-28T23:59:59.000000000Z");
  EXPECT_EQ(format_time(951'782'400 * kSecond), "2000-02-29T00:00:00.000000000Z");
  EXPECT_EQ(format_time(1'795'450'800'123'456'789), "2026-11-23T16:20:00.123456789Z");
  EXPECT_EQ(format_time(INT64_MAX), "2262-04-11T23:47:16.854775807Z");
  std::string into(kTimeWidth + 2, '#');
  format_time(0, into.data() + 1);
  EXPECT_EQ(into, "#1970-01-01T00:00:00.000000000Z#");
}

// Goal: the calendar agrees with the C library's on instants all over the range.
TEST(FormatTime, agrees_with_the_c_library) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto seconds = static_cast<std::time_t>(random() % 9'223'372'036U);
    std::tm utc{};
    ASSERT_NE(gmtime_r(&seconds, &utc), nullptr);
    char want[32];
    ASSERT_EQ(std::strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S", &utc), 19U);
    ASSERT_EQ(format_time(seconds * kSecond).substr(0, 19), want);
  }
}

// Goal: the examples of RFC 3339 section 5.8.
TEST(ParseTime, reads_the_examples_of_the_rfc) {
  EXPECT_EQ(canonical("1985-04-12T23:20:50.52Z"), "1985-04-12T23:20:50.520000000Z");
  EXPECT_EQ(canonical("1996-12-19T16:39:57-08:00"), "1996-12-20T00:39:57.000000000Z");
  EXPECT_EQ(canonical("1990-12-31T23:59:60Z"), "1990-12-31T23:59:59.999999999Z");
  EXPECT_EQ(canonical("1990-12-31T15:59:60-08:00"), "1990-12-31T23:59:59.999999999Z");
  EXPECT_EQ(parse_time("1937-01-01T12:00:27.87+00:20"), -1'041'337'173 * kSecond + 870'000'000);
}

// Goal: any fraction of 0 to 9 digits, either case of T and Z.
TEST(ParseTime, reads_every_form_of_the_same_instant) {
  for (const char* text :
       {"2026-11-23T16:20:00Z", "2026-11-23t16:20:00z", "2026-11-23T16:20:00.0Z", "2026-11-23T16:20:00.000000000Z",
        "2026-11-23T16:20:00+00:00", "2026-11-23T16:20:00-00:00", "2026-11-23T17:20:00+01:00", "2026-11-23T11:20:00.0-05:00",
        "2026-11-24T16:19:00+23:59", "2026-11-22T16:21:00-23:59", "2026-11-23T21:50:00+05:30"}) {
    EXPECT_EQ(canonical(text), "2026-11-23T16:20:00.000000000Z") << text;
  }
  std::string digits;
  for (int i = 1; i <= 9; ++i) {
    digits += static_cast<char>('0' + i);
    EXPECT_EQ(canonical("2026-11-23T16:20:00." + digits + "Z"),
              "2026-11-23T16:20:00." + digits + std::string(9 - digits.size(), '0') + "Z");
  }
}

// Goal: an offset may carry the instant over a day, a month, a year, a leap day and the epoch.
TEST(ParseTime, carries_offsets_over_calendar_borders) {
  EXPECT_EQ(canonical("2026-01-01T00:30:00+01:00"), "2025-12-31T23:30:00.000000000Z");
  EXPECT_EQ(canonical("2025-12-31T23:30:00-01:00"), "2026-01-01T00:30:00.000000000Z");
  EXPECT_EQ(canonical("2024-03-01T00:00:00+00:01"), "2024-02-29T23:59:00.000000000Z");
  EXPECT_EQ(canonical("2023-03-01T00:00:00+00:01"), "2023-02-28T23:59:00.000000000Z");
  EXPECT_EQ(parse_time("1970-01-01T00:00:00+00:01"), -60 * kSecond);
  EXPECT_EQ(parse_time("1969-12-31T23:59:59.5Z"), -kSecond / 2);
}

// Goal: days exist when the Gregorian calendar has them.
TEST(ParseTime, knows_leap_years_and_month_lengths) {
  for (const char* day : {"2024-02-29", "2000-02-29", "2026-02-28", "2026-04-30", "2026-12-31", "1972-02-29"}) {
    EXPECT_EQ(canonical(std::string(day) + "T00:00:00Z").substr(0, 10), day);
  }
  for (const char* day : {"2023-02-29", "1900-02-29", "2100-02-29", "2024-02-30", "2026-04-31", "2026-06-31", "2026-09-31",
                          "2026-11-31", "2026-01-32", "2026-01-00", "2026-00-01", "2026-13-01"}) {
    EXPECT_FALSE(parse_time(std::string(day) + "T00:00:00Z")) << day;
  }
}

// Goal: what is not an RFC 3339 date-time is refused whole.
TEST(ParseTime, refuses_everything_else) {
  for (const char* text : {"",
                           "Z",
                           "2026",
                           "2026-11-23",
                           "2026-11-23T16:20Z",
                           "2026-11-23T16:20:00",
                           "2026-11-23 16:20:00Z",
                           "2026-11-23T16:20:00.Z",
                           "2026-11-23T16:20:00,5Z",
                           "2026-11-23T16:20:00.1234567890Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T16:60:00Z",
                           "2026-11-23T16:20:61Z",
                           "2026-11-23T16:20:00+24:00",
                           "2026-11-23T16:20:00+00:60",
                           "2026-11-23T16:20:00+0100",
                           "2026-11-23T16:20:00+01",
                           "2026-11-23T16:20:00Z ",
                           " 2026-11-23T16:20:00Z",
                           "2026-11-23T16:20:00Z+01:00",
                           "+2026-11-23T16:20:00Z",
                           "26-11-23T16:20:00Z",
                           "2026-1-23T16:20:00Z",
                           "2026/11/23T16:20:00Z",
                           "2026-11-23T1a:20:00Z",
                           "2026-11-23T16:20:-1Z",
                           "2026-11-23T16:20:00UTC",
                           "1795450800"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
  const std::string whole = "2026-11-23T16:20:00.123456789+01:30";
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(parse_time(whole.substr(0, n))) << n;
  EXPECT_FALSE(parse_time(std::string_view("2026-11-23T16:20:00Z\0", 21)));
}

// Goal: no instant outside of the documented years, and none inside of them is refused.
TEST(ParseTime, keeps_to_the_years_it_can_hold) {
  EXPECT_TRUE(parse_time("1678-01-01T00:00:00Z"));
  EXPECT_TRUE(parse_time("2261-12-31T23:59:59.999999999Z"));
  for (const char* text : {"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1677-12-31T23:59:59Z", "2262-01-01T00:00:00Z",
                           "9999-12-31T23:59:59Z", "1678-01-01T00:00:00+00:01", "2261-12-31T23:59:59-00:01"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

// Goal: what is written is read back to the nanosecond.
TEST(ParseTime, returns_what_format_time_wrote) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 50'000; ++i) {
    const auto time = static_cast<UnixNanos>(random() % static_cast<std::uint64_t>(9'200'000'000 * kSecond));
    ASSERT_EQ(parse_time(format_time(time)), time);
  }
}

// Goal: the machine's clocks run in nanoseconds; the monotonic one never goes back.
TEST(SystemClock, runs) {
  const Clock& clock = system_clock();
  EXPECT_GT(clock.now(), *parse_time("2020-01-01T00:00:00Z"));
  std::int64_t last = clock.monotonic();
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t now = clock.monotonic();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace stele
