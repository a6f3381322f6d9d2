// The desk: who is let in, who has to wait, and that nobody can keep others away from it.
#include "login/desk.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/clock.h"
#include "crypto/random.h"
#include "login/totp.h"
#include "support/fixed.h"
#include "support/temp_folder.h"

namespace stele::login {
namespace {

using testing::HandClock;

const std::string kAdasPassword = "correct horse battery";

class DeskTest : public ::testing::Test {
 protected:
  void give(const std::string& user, const std::string& role) {
    grants.put({access::Holder::kUser, user, user, role, "", {}, {}, clock.now(), "local:0", std::nullopt, std::nullopt, "", {}});
  }
  std::string join(const std::string& user) {
    give(user, "reader");
    return *book->join(user, *book->invite(user), kAdasPassword, "home");
  }
  Desk::Verdict login(const std::string& user, const std::string& code, const std::string& network,
                      const std::string& device = {}) {
    return desk.login({user, kAdasPassword, code, network, device});
  }
  [[nodiscard]] std::string code(const std::string& secret) const { return totp_code(secret, totp_step(clock.now())); }

  testing::TempFolder temporary;
  HandClock clock;
  access::Grants grants;
  std::unique_ptr<CredentialBook> book =
      std::move(*CredentialBook::open(io::posix(), temporary.path("credentials.json"), clock, crypto::system_random()));
  Desk desk{*book, grants, clock, crypto::system_random()};
};

TEST_F(DeskTest, LetsInWhoHasAccess) {
  const std::string secret = join("ada");
  const auto verdict = login("ada", code(secret), "elsewhere");
  ASSERT_TRUE(verdict.status);
  EXPECT_EQ(verdict.identity->text, "user:ada");
  EXPECT_EQ(verdict.generation, book->generation("ada"));
  EXPECT_EQ(grants.list(access::Holder::kUser).at(0).last_used, clock.now());
  auto grant = *grants.find(access::Holder::kUser, "ada");
  grant.revoked = clock.now();
  grants.put(grant);
  clock.advance(30 * kSecond);
  EXPECT_EQ(login("ada", code(secret), "elsewhere").status.error().message, CredentialBook::kWrong);
}

TEST_F(DeskTest, NotesNoUseOfWhoFails) {
  join("ada");
  EXPECT_FALSE(login("ada", "000000", "home").status);
  EXPECT_EQ(grants.list(access::Holder::kUser).at(0).last_used, 0);
}

// Goal: whoever guesses from his own network keeps nobody out of the browser with which he came in before; and that one is no way
// to guess faster, nor for another user.
TEST_F(DeskTest, ABrowserThatWasLetInWaitsForItselfAlone) {
  const std::string secret = join("ada");
  const std::string device = login("ada", code(secret), "home").device;
  EXPECT_EQ(device.size(), 64U);
  clock.advance(30 * kSecond);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(login("ada", "000000", "home").status.error().code, Code::kUnauthenticated);
  EXPECT_EQ(login("ada", code(secret), "home").status.error().code, Code::kBusy);
  EXPECT_EQ(login("ada", code(secret), "home", std::string(64, 'a')).status.error().code, Code::kBusy) << "of a device made up";
  const auto verdict = login("ada", code(secret), "home", device);
  EXPECT_TRUE(verdict.status);
  EXPECT_EQ(verdict.device, device) << "it stays";
  clock.advance(30 * kSecond);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(login("ada", "000000", "anywhere", device).status.error().code, Code::kUnauthenticated);
  EXPECT_EQ(login("ada", code(secret), "anywhere", device).status.error().code, Code::kBusy) << "it may not guess for ever";
  give("bob", "reader");
  EXPECT_FALSE(book->is_device("bob", device));
  auto read = CredentialBook::open(io::posix(), temporary.path("credentials.json"), clock, crypto::system_random());
  ASSERT_TRUE(read);
  EXPECT_TRUE((*read)->is_device("ada", device)) << "over restarts";
}

// Goal: names that no user can have are one name, and what is guessed of them keeps nobody out.
TEST_F(DeskTest, TellsNamesApartThatUsersCanHave) {
  const std::string secret = join("ada");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(login(std::string(8'000, 'x') + std::to_string(i), "", "net").status.error().code, Code::kUnauthenticated);
  EXPECT_EQ(login("\n", "", "net").status.error().code, Code::kBusy);
  EXPECT_EQ(login("ada", "000000", "net").status.error().code, Code::kUnauthenticated) << "another name";
  EXPECT_TRUE(login("ada", code(secret), "home").status);
}

TEST_F(DeskTest, WrongInvitationsSlowDownTheirOwnNetwork) {
  give("ada", "reader");
  const std::string invitation = *book->invite("ada");
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(desk.invited("wrong", "net" + std::to_string(i % 40)).status);
  EXPECT_EQ(desk.invited("wrong", "net0").wait_seconds, 1);
  EXPECT_EQ(desk.invited(invitation, "home").user, "ada");
  EXPECT_EQ(login("ada", "000000", "net0").status.error().code, Code::kUnauthenticated) << "logins are counted apart";
}

// Goal: the set-up's text holds while nobody has any access, and no longer.
TEST_F(DeskTest, TheSetUpEndsWithTheFirstAccess) {
  const std::string text = book->offer_setup();
  EXPECT_TRUE(desk.invited(text, "home").status);
  give("ada", "reader");
  EXPECT_FALSE(desk.invited(text, "home").status);
}

}  // namespace
}  // namespace stele::login
