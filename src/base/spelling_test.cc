// What a misspelt name was meant to be.
#include "base/spelling.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace stele {
namespace {

using namespace std::string_view_literals;

constexpr std::array kKnown{"ip"sv, "actor"sv, "action"sv, "outcome"sv, "source"sv, "origin.user_agent"sv};

TEST(Spelling, NamesTheNearest) {
  EXPECT_EQ(nearest("outcme", kKnown), "outcome");
  EXPECT_EQ(nearest("Outcomes", kKnown), "outcome");
  EXPECT_EQ(nearest("actoin", kKnown), "action");  // two that changed places
  EXPECT_EQ(nearest("actr", kKnown), "actor");
  EXPECT_EQ(nearest("IP", kKnown), "ip");
  EXPECT_EQ(nearest("origin.useragent", kKnown), "origin.user_agent");
}

TEST(Spelling, NamesNothingThatIsFarAway) {
  EXPECT_EQ(nearest("id", kKnown), "");
  EXPECT_EQ(nearest("act", kKnown), "");
  EXPECT_EQ(nearest("region", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest(std::string(2000, 'o'), kKnown), "");
}

TEST(Spelling, TakesEqualWordsForEach) {
  EXPECT_TRUE(looks_like("ip", "ip"));
  EXPECT_TRUE(looks_like("targest", "targets"));
  EXPECT_FALSE(looks_like("tgs", "targets"));
}

}  // namespace
}  // namespace stele
