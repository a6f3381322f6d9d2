// Sessions: whose, until when, and what ends them.
#include "login/sessions.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "support/fixed.h"

namespace stele::login {
namespace {

using testing::HandClock;
using testing::SeededRandom;

access::Identity user(const std::string& name) { return {"user:" + name, name, access::find_shipped_role("reader"), "", {}}; }

class SessionsTest : public ::testing::Test {
 protected:
  HandClock clock;
  SeededRandom random{1};
  Sessions sessions{clock, random};
};

TEST_F(SessionsTest, AreEndedByWhose) {
  const NewSession one = sessions.begin(user("ada"));
  clock.advance(1'800 * kSecond);
  const NewSession two = sessions.begin(user("ada"));
  const NewSession bob = sessions.begin(user("bob"));
  ASSERT_EQ(sessions.open_of("user:ada").size(), 1U) << "the other is over";
  EXPECT_EQ(sessions.open_of("user:ada").front().text, "user:ada");
  EXPECT_TRUE(sessions.open_of("user:ad").empty());
  EXPECT_EQ(sessions.end_all("user:ada"), 1U);
  EXPECT_FALSE(sessions.use(two.cookie));
  EXPECT_TRUE(sessions.use(bob.cookie));
  EXPECT_EQ(sessions.end_all("user:ada"), 0U);
}

TEST_F(SessionsTest, AreOfWhoBeganThem) {
  const NewSession ada = sessions.begin(user("ada"));
  const NewSession bob = sessions.begin(user("bob"));
  ASSERT_NE(ada.cookie, bob.cookie);
  ASSERT_NE(ada.cookie, ada.csrf);
  EXPECT_EQ(sessions.use(ada.cookie)->text, "user:ada");
  const auto found = sessions.use(bob.cookie);
  EXPECT_EQ(found->text, "user:bob");
  EXPECT_TRUE(sessions.is_open(*found->session));
  EXPECT_TRUE(sessions.is_csrf(bob.cookie, bob.csrf));
  EXPECT_EQ(sessions.csrf(bob.cookie), bob.csrf);
  for (const std::string& wrong : {ada.csrf, bob.cookie, std::string()}) EXPECT_FALSE(sessions.is_csrf(bob.cookie, wrong));
  SeededRandom otherwise{2};
  EXPECT_FALSE(Sessions(clock, otherwise).is_csrf(bob.cookie, bob.csrf)) << "another process";
  for (const std::string& wrong : {ada.csrf, ada.cookie + "0", ada.cookie.substr(1), std::string()})
    EXPECT_FALSE(sessions.use(wrong));
}

TEST_F(SessionsTest, EndWithoutRequestsAndInAnyCase) {
  const NewSession idle = sessions.begin(user("ada"));
  const NewSession busy = sessions.begin(user("ada"));
  for (int minutes = 0; minutes < 12 * 60; minutes += 20) {
    ASSERT_TRUE(sessions.use(busy.cookie)) << minutes;
    clock.advance(20 * 60 * kSecond);
  }
  EXPECT_FALSE(sessions.use(busy.cookie)) << "twelve hours";
  EXPECT_FALSE(sessions.use(idle.cookie));
  const NewSession last = sessions.begin(user("ada"));
  clock.advance(30 * 60 * kSecond - 1);
  EXPECT_TRUE(sessions.use(last.cookie));
  clock.advance(30 * 60 * kSecond);
  EXPECT_FALSE(sessions.use(last.cookie));
  EXPECT_EQ(sessions.count(), 0U);
}

TEST_F(SessionsTest, AreEndedAtOnce) {
  const NewSession first = sessions.begin(user("ada"));
  const NewSession second = sessions.begin(user("ada"));
  const NewSession other = sessions.begin(user("bob"));
  const Hash session = *sessions.use(first.cookie)->session;
  EXPECT_TRUE(sessions.is_open(session));
  EXPECT_TRUE(sessions.end(first.cookie));
  EXPECT_FALSE(sessions.is_open(session));
  EXPECT_FALSE(sessions.end(first.cookie));
  EXPECT_FALSE(sessions.use(first.cookie));
  EXPECT_TRUE(sessions.use(second.cookie));
  sessions.end_all("user:ada");
  EXPECT_FALSE(sessions.use(second.cookie));
  EXPECT_TRUE(sessions.use(other.cookie));
}

TEST_F(SessionsTest, AreNotManyOfOne) {
  const NewSession first = sessions.begin(user("ada"));
  const NewSession kept = sessions.begin(user("bob"));
  for (int i = 0; i < 20; ++i) {
    clock.advance(kSecond);
    sessions.begin(user("ada"));
  }
  EXPECT_FALSE(sessions.use(first.cookie));
  EXPECT_TRUE(sessions.use(kept.cookie));
  EXPECT_EQ(sessions.count(), 21U);
}

}  // namespace
}  // namespace stele::login
