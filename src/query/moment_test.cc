// How a written time is read, and how precise it is.
#include "query/moment.h"

#include <gtest/gtest.h>

#include <string>

namespace stele::query {
namespace {

constexpr UnixNanos kNow = 1'795'623'600'000'000'000;  // 2026-11-25T16:20:00Z

std::string read(std::string_view text) {
  const auto moment = parse_moment(text, kNow);
  if (!moment) return "none";
  return format_time(moment->first) + " +" + std::to_string(moment->end - moment->first) + (moment->relative ? " relative" : "");
}

TEST(Moment, IsAsPreciseAsItIsWritten) {
  EXPECT_EQ(read("2026-11-23"), "2026-11-23T00:00:00.000000000Z +86400000000000");
  EXPECT_EQ(read("2026-11-23T16:20"), "2026-11-23T16:20:00.000000000Z +60000000000");
  EXPECT_EQ(read("2026-11-23t16:20+01:00"), "2026-11-23T15:20:00.000000000Z +60000000000");
  EXPECT_EQ(read("2026-11-23T16:20:05"), "2026-11-23T16:20:05.000000000Z +1000000000");
  EXPECT_EQ(read("2026-11-23T16:20:05-01:00"), "2026-11-23T17:20:05.000000000Z +1000000000");
  EXPECT_EQ(read("2026-11-23T16:20:05.25z"), "2026-11-23T16:20:05.250000000Z +10000000");
  EXPECT_EQ(read("2026-11-23T16:20:05.123456789"), "2026-11-23T16:20:05.123456789Z +1");
  EXPECT_EQ(read("2026-12-31T23:59:60Z"), "2026-12-31T23:59:59.999999999Z +1");
}

TEST(Moment, LiesBackFromNow) {
  EXPECT_EQ(read("now"), "2026-11-25T16:20:00.000000000Z +1 relative");
  EXPECT_EQ(read("90s"), "2026-11-25T16:18:30.000000000Z +1 relative");
  EXPECT_EQ(read("15M"), "none");  // elsewhere that is months
  EXPECT_EQ(read("12h"), "2026-11-25T04:20:00.000000000Z +1 relative");
  EXPECT_EQ(read("30d"), "2026-10-26T16:20:00.000000000Z +1 relative");
  EXPECT_EQ(read("2w"), "2026-11-11T16:20:00.000000000Z +1 relative");
  EXPECT_EQ(read("0s"), "2026-11-25T16:20:00.000000000Z +1 relative");
  EXPECT_NE(read("15250w"), "none");
  EXPECT_EQ(read("15251w"), "none");  // more than 64 bits of nanoseconds
}

TEST(Moment, IsNothingElse) {
  for (const auto* text : {"",
                           "d",
                           "5",
                           "5y",
                           "-5d",
                           "1.5h",
                           "05m",
                           "18446744073709551616s",
                           "2026",
                           "2026-11",
                           "2026-11-31",
                           "2026-11-23Z",
                           "2026-11-23T",
                           "2026-11-23T16",
                           "2026-11-23T16:2",
                           "2026-11-23T16:20:",
                           "2026-11-23T16:20:0",
                           "2026-11-23T24:00",
                           "2026-11-23T16:20:00.",
                           "2026-11-23T16:20:00.1234567890",
                           "2026-11-23T16:20:00+1",
                           "2026-11-23 16:20",
                           "1500-01-01",
                           "2026-11-23T16:20ZZ",
                           "today",
                           "0000-00-00T00:00:00.000000000000000000000000"})
    EXPECT_EQ(read(text), "none") << text;
}

}  // namespace
}  // namespace stele::query
