// Guessing is slowed by who guesses, and nobody can keep another out.
#include "login/throttle.h"
#include "base/clock.h"

#include <gtest/gtest.h>

namespace stele::login {
namespace {

constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;

TEST(Throttle, SlowsDownMoreWithEachFailure) {
  Throttle throttle;
  std::int64_t now = kHour;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(throttle.wait("ada", "198.51.100.0/24", true, now), 0);
    throttle.failed("ada", "198.51.100.0/24", true, now);
  }
  for (std::int64_t seconds = 1; seconds <= 512; seconds *= 2) {
    EXPECT_EQ(throttle.wait("ada", "198.51.100.0/24", true, now), seconds * kSecond);
    EXPECT_EQ(throttle.wait("ada", "203.0.113.0/24", true, now), 0) << "he himself, from elsewhere";
    EXPECT_EQ(throttle.wait("bob", "198.51.100.0/24", true, now), 0) << "another of the same network";
    now += seconds * kSecond;
    EXPECT_EQ(throttle.wait("ada", "198.51.100.0/24", true, now), 0);
    throttle.failed("ada", "198.51.100.0/24", true, now);
  }
  EXPECT_EQ(throttle.wait("ada", "198.51.100.0/24", true, now), 15 * kMinute) << "at most";
  throttle.succeeded("ada", "198.51.100.0/24");
  EXPECT_EQ(throttle.wait("ada", "198.51.100.0/24", true, now), 0);
}

TEST(Throttle, ForgetsAfterAnHour) {
  Throttle throttle;
  for (int i = 0; i < 8; ++i) throttle.failed("ada", "n", true, kHour);
  EXPECT_GT(throttle.wait("ada", "n", true, kHour), 0);
  EXPECT_EQ(throttle.wait("ada", "n", true, 2 * kHour), 0);
  throttle.failed("ada", "n", true, 2 * kHour);
  EXPECT_EQ(throttle.wait("ada", "n", true, 2 * kHour), 0) << "the first of a new count";
}

TEST(Throttle, LimitsANetworkWhomeverItTries) {
  Throttle throttle;
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(throttle.wait("u" + std::to_string(i), "n", false, kHour), 0);
    throttle.failed("u" + std::to_string(i), "n", false, kHour);
  }
  EXPECT_EQ(throttle.wait("ada", "n", false, kHour), 10 * kMinute);
  EXPECT_EQ(throttle.wait("ada", "n", true, kHour), 0) << "who is known there is of the same office, or behind the same proxy";
  EXPECT_EQ(throttle.wait("ada", "m", false, kHour), 0);
  throttle.succeeded("u1", "n");
  EXPECT_EQ(throttle.wait("ada", "n", false, kHour), 10 * kMinute) << "one that gets in clears nothing";
  EXPECT_EQ(throttle.wait("ada", "n", false, kHour + 10 * kMinute), 0);
}

// Goal: many networks that try one user slow down each other, and not him where he is known.
TEST(Throttle, KeepsNobodyOut) {
  Throttle throttle;
  for (int i = 0; i < 50; ++i) throttle.failed("ada", "net" + std::to_string(i), false, kHour);
  EXPECT_EQ(throttle.wait("ada", "net1000", false, kHour), kHour);
  EXPECT_EQ(throttle.wait("ada", "home", true, kHour), 0);
  EXPECT_EQ(throttle.wait("bob", "net1000", false, kHour), 0);
  throttle.failed("ada", "home", true, kHour);
  EXPECT_EQ(throttle.wait("ada", "home", true, kHour), 0) << "his own mistakes are counted apart";
  EXPECT_EQ(throttle.wait("ada", "net1000", false, 2 * kHour), 0);
}

TEST(Throttle, CountsTogetherWhatItCannotTellApart) {
  ThrottleLimits limits;
  limits.told_apart_max = 100;
  Throttle throttle(limits);
  for (int i = 0; i < 1000; ++i) throttle.failed("u" + std::to_string(i), "net" + std::to_string(i), false, kHour);
  EXPECT_GT(throttle.wait("ada", "net5000", false, kHour), 0) << "of the others there are too many";
  EXPECT_EQ(throttle.wait("ada", "net5000", true, kHour), 0) << "and they keep nobody out who is known";
  EXPECT_EQ(throttle.wait("u1", "net1", false, kHour), 0) << "one that is told apart stands for itself";
  EXPECT_EQ(throttle.wait("ada", "net5000", false, 3 * kHour), 0);
  throttle.failed("ada", "net7000", false, 3 * kHour);
  EXPECT_EQ(throttle.wait("bob", "net8000", false, 3 * kHour), 0) << "what is old has made room";
}

}  // namespace
}  // namespace stele::login
