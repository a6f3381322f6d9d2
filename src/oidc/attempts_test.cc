// Logins that were begun: good once, for ten minutes, in the browser that began them.
#include "oidc/attempts.h"

#include <gtest/gtest.h>

#include <set>

#include "base/clock.h"
#include "support/fixed.h"

namespace stele::oidc {
namespace {

using testing::HandClock;
using testing::SeededRandom;

class AttemptsTest : public ::testing::Test {
 protected:
  HandClock clock;
  SeededRandom random{1};
  Attempts attempts{clock, random};
};

TEST_F(AttemptsTest, AreGoodOnceInTheBrowserThatBeganThem) {
  const Attempt ada = attempts.begin();
  const Attempt bob = attempts.begin();
  const std::set<std::string> texts = {ada.cookie, ada.state, ada.nonce, ada.verifier,
                                       bob.cookie, bob.state, bob.nonce, bob.verifier};
  EXPECT_EQ(texts.size(), 8U);
  EXPECT_GE(ada.verifier.size(), 43U) << "RFC 7636 section 4.1";
  EXPECT_FALSE(attempts.take(bob.cookie, ada.state)) << "of another browser";
  EXPECT_FALSE(attempts.take("", ada.state));
  const auto taken = attempts.take(ada.cookie, ada.state);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->nonce, ada.nonce);
  EXPECT_EQ(taken->verifier, ada.verifier);
  EXPECT_FALSE(attempts.take(ada.cookie, ada.state)) << "a second time";
  EXPECT_TRUE(attempts.take(bob.cookie, bob.state));
}

TEST_F(AttemptsTest, EndAfterTenMinutesAndWithTheProcess) {
  const Attempt early = attempts.begin();
  clock.advance(599 * kSecond);
  const Attempt late = attempts.begin();
  clock.advance(1 * kSecond);
  EXPECT_FALSE(attempts.take(early.cookie, early.state));
  EXPECT_FALSE(attempts.take(early.cookie.substr(0, 65) + "999999999", early.state)) << "with another time";
  SeededRandom otherwise{2};
  EXPECT_FALSE(Attempts(clock, otherwise).take(late.cookie, late.state));
  EXPECT_TRUE(attempts.take(late.cookie, late.state));
}

TEST_F(AttemptsTest, CannotBeMadeUp) {
  const Attempt one = attempts.begin();
  for (const std::string& state : {std::string(), one.nonce, one.verifier, one.state + "0", one.state.substr(1)})
    EXPECT_FALSE(attempts.take(one.cookie, state)) << state;
  for (const std::string cookie : {".", ".1", "a", "1."}) EXPECT_FALSE(attempts.take(cookie, one.state));
  EXPECT_FALSE(attempts.take(std::string(100'000, 'x'), one.state));
  EXPECT_TRUE(attempts.take(one.cookie, one.state)) << "none of these used it up";
}

// Goal: whoever begins a million takes nothing from who began before.
TEST_F(AttemptsTest, OfStrangersAreInNobodysWay) {
  Attempts few(clock, random, {.taken_max = 4});
  const Attempt ada = few.begin();
  for (int i = 0; i < 1'000; ++i) {
    const Attempt stranger = few.begin();
    clock.advance(kSecond / 10);
    ASSERT_TRUE(few.take(stranger.cookie, stranger.state));
  }
  EXPECT_TRUE(few.take(ada.cookie, ada.state));
  EXPECT_FALSE(few.take(ada.cookie, ada.state));
}

}  // namespace
}  // namespace stele::oidc
