// The file of expected sources: what it takes, and what it says of what it does not take.
#include "sources/registry.h"

#include <gtest/gtest.h>

#include "sources/period.h"

namespace stele::sources {
namespace {

TEST(Registry, reads_what_a_source_has) {
  const auto registry = Registry::parse(
      "sources:\n"
      "  billing-api:\n"
      "    owner: payments@example.com\n"
      "    kind: http\n"
      "    expect: 10m\n"
      "    categories: [user_action, data_export]\n"
      "    delivery: lossy\n"
      "    attribution: strict\n"
      "  plain:\n",
      "s.yaml");
  ASSERT_TRUE(registry) << registry.error().message;
  const Registered* billing = registry->find("billing-api");
  ASSERT_NE(billing, nullptr);
  EXPECT_EQ(billing->owner, "payments@example.com");
  EXPECT_EQ(billing->expect, 600'000'000'000);
  EXPECT_EQ(billing->categories.size(), 2U);
  EXPECT_EQ(billing->delivery, Delivery::kLossy);
  EXPECT_EQ(billing->attribution, Attribution::kStrict);
  EXPECT_NE(registry->find("plain"), nullptr);
  EXPECT_EQ(registry->find("other"), nullptr);
  EXPECT_EQ(registry->digest().size(), 64U);
}

// Goal: every mistake is told with file and line.
TEST(Registry, says_what_is_wrong_and_where) {
  const std::pair<const char*, const char*> cases[] = {
      {"sources:\n  a: {expect: soon}\n", "s.yaml:2: expect is a time such as 90s, 10m, 24h or 7d, not \"soon\""},
      {"sources:\n  a: {expect: 500d}\n", "s.yaml:2: expect is a time"},
      {"sources:\n  a:\n    categories: [cats]\n", "s.yaml:3: \"cats\" is no category"},
      {"sources:\n  a: {delivery: maybe}\n", "s.yaml:2: delivery is acknowledged or lossy"},
      {"sources:\n  a: {onwer: x}\n", "s.yaml:2: a source has no \"onwer\""},
      {"sources:\n  a: {}\n  a: {}\n", "s.yaml:3: \"a\" stands twice"},
      {"sources: {\"a\\uFFFD\": {}}\n", "s.yaml:1: U+FFFD stands in a source's name; it is written a<ef><bf><bd>"},
      {"source: {}\n", "the file has one member"},
      {"sources: [a]\n", "sources is a list of"},
      {"sources: {a: [", "s.yaml:"},
  };
  for (const auto& [yaml, message] : cases) {
    const auto registry = Registry::parse(yaml, "s.yaml");
    ASSERT_FALSE(registry) << yaml;
    EXPECT_NE(registry.error().message.find(message), std::string::npos) << registry.error().message;
  }
}

TEST(Period, reads_days_months_ranges_and_the_last_days) {
  const UnixNanos now = parse_time("2026-11-26T12:00:00Z").value();
  const std::pair<const char*, std::pair<const char*, const char*>> cases[] = {
      {"2026-11-26", {"2026-11-26", "2026-11-26"}},
      {"2024-02", {"2024-02-01", "2024-02-29"}},
      {"2026-10-01..2026-12-31", {"2026-10-01", "2026-12-31"}},
      {"2026-10..2026-12", {"2026-10-01", "2026-12-31"}},
      {"1d", {"2026-11-26", "2026-11-26"}},
      {"30d", {"2026-10-28", "2026-11-26"}},
  };
  for (const auto& [text, days] : cases) {
    const auto period = parse_period(text, now);
    ASSERT_TRUE(period) << text;
    EXPECT_EQ(day_text(period->from), days.first);
    EXPECT_EQ(day_text(period->to), days.second);
  }
  for (const char* text : {"", "d", "0d", "2026", "2026-13", "2026-02-30", "2026-12-31..2026-10-01", "..", "2026-1-1",
                           "99999999d", "1969-12", "2262-01"})
    EXPECT_FALSE(parse_period(text, now)) << text;
}

}  // namespace
}  // namespace stele::sources
