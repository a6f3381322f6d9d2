// What two must do is done by two: no approval is used twice, by another, for another act, or after a day.
#include "access/approvals.h"

#include <gtest/gtest.h>

#include "access/grants.h"
#include "crypto/random.h"

namespace stele::access {
namespace {

class Hand final : public Clock {
 public:
  [[nodiscard]] UnixNanos now() const override { return time; }
  [[nodiscard]] std::int64_t monotonic() const override { return time; }
  UnixNanos time = 1'795'000'000'000'000'000;
};

Identity who(const std::string& text, const char* role, std::vector<std::string> logs = {}) {
  return {text, text, find_shipped_role(role), "", std::move(logs), {}, {}};
}

class ApprovalsTest : public ::testing::Test {
 protected:
  // Whom nobody let in.
  Status give(const std::string& id, const Identity& identity) { return approvals_.give(id, identity, {identity.text}); }

  Hand clock_;
  Approvals approvals_{kGuardedActs, clock_, crypto::system_random()};
  const Act act_{Permission::kErase, "main", "POST", "/api/v1/erase?log=main", "{}"};
  const Identity ada_ = who("user:ada", "owner");
  const Identity bob_ = who("user:bob", "owner");
};

TEST_F(ApprovalsTest, are_used_once_by_who_asked_for_the_same_act) {
  const auto asked = approvals_.ask(act_, ada_, {"user:ada"});
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(approvals_.use(asked->id, act_, ada_).error().code, Code::kDenied) << "nobody approved it";
  ASSERT_TRUE(give(asked->id, bob_).ok());
  EXPECT_EQ(give(asked->id, bob_).error().code, Code::kConflict);
  EXPECT_EQ(approvals_.use(asked->id, act_, bob_).error().code, Code::kDenied);
  for (auto change :
       {+[](Act& act) { act.method = "GET"; }, +[](Act& act) { act.target += "x"; }, +[](Act& act) { act.body = ""; }}) {
    Act other = act_;
    change(other);
    EXPECT_EQ(approvals_.use(asked->id, other, ada_).error().code, Code::kDenied);
  }
  EXPECT_TRUE(approvals_.use(asked->id, act_, ada_).ok());
  EXPECT_EQ(approvals_.use(asked->id, act_, ada_).error().code, Code::kDenied);
}

TEST_F(ApprovalsTest, are_given_by_a_second_person_who_may) {
  const auto asked = approvals_.ask(act_, who("token:k", "owner"), {"token:k", "user:ada"});
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(give(asked->id, ada_).error().code, Code::kDenied) << "he made the token";
  EXPECT_EQ(give(asked->id, who("token:k", "owner")).error().code, Code::kDenied);
  EXPECT_EQ(give(asked->id, who("token:x", "owner")).error().code, Code::kDenied) << "a token is no person";
  EXPECT_EQ(give(asked->id, who("local:0", "owner")).error().code, Code::kDenied);
  EXPECT_EQ(give(asked->id, who("user:eve", "admin")).error().code, Code::kNotFound) << "she may not erase";
  EXPECT_EQ(give(asked->id, who("user:eve", "owner", {"other"})).error().code, Code::kNotFound) << "nor there";
  EXPECT_TRUE(approvals_.list(who("user:eve", "owner", {"other"})).empty());
  EXPECT_EQ(approvals_.list(who("user:eve", "owner", {"main"})).size(), 1U);
  EXPECT_EQ(approvals_.give(asked->id, bob_, {"user:bob", "user:ada"}).error().code, Code::kDenied) << "ada let him in";
  EXPECT_EQ(approvals_.give(asked->id, bob_, {"user:bob", "token:k"}).error().code, Code::kDenied) << "the token did";
  EXPECT_TRUE(give(asked->id, bob_).ok());
}

// Goal: whoever let somebody in may be he.
TEST(Lineage, is_followed_to_its_end) {
  Grants grants;
  const auto put = [&](Holder holder, const std::string& id, const std::string& by) {
    Grant grant;
    grant.holder = holder;
    grant.id = id;
    grant.role = "owner";
    grant.created_by = by;
    grants.put(grant);
  };
  put(Holder::kUser, "ada", "setup");
  put(Holder::kToken, "t0", "user:ada");
  put(Holder::kToken, "t1", "token:t0");
  put(Holder::kUser, "dave", "token:t1");
  put(Holder::kUser, "bob", "local:0");
  put(Holder::kUser, "loop", "user:loop");
  EXPECT_EQ(grants.lineage("user:dave"), (std::vector<std::string>{"user:dave", "token:t1", "token:t0", "user:ada"}));
  EXPECT_EQ(grants.lineage("user:bob"), std::vector<std::string>{"user:bob"});
  EXPECT_EQ(grants.lineage("user:loop"), std::vector<std::string>{"user:loop"});
  EXPECT_EQ(grants.lineage("oidc:x"), std::vector<std::string>{"oidc:x"});
}

TEST_F(ApprovalsTest, end_after_a_day_and_are_bounded) {
  const auto asked = approvals_.ask(act_, ada_, {"user:ada"});
  ASSERT_TRUE(give(asked->id, bob_).ok());
  for (int i = 1; i < 20; ++i) ASSERT_TRUE(approvals_.ask(act_, ada_, {"user:ada"}).ok());
  EXPECT_EQ(approvals_.ask(act_, ada_, {"user:ada"}).error().code, Code::kBusy);
  EXPECT_TRUE(approvals_.ask(act_, bob_, {"user:bob"}).ok()) << "others are not held up";
  Act large = act_;
  large.body.assign(4'001, 'x');
  EXPECT_EQ(approvals_.ask(large, bob_, {"user:bob"}).error().code, Code::kTooLarge);
  clock_.time += 86'400'000'000'000;
  EXPECT_TRUE(approvals_.list(ada_).empty());
  EXPECT_EQ(approvals_.use(asked->id, act_, ada_).error().code, Code::kDenied);
  EXPECT_TRUE(approvals_.ask(act_, ada_, {"user:ada"}).ok());
}

}  // namespace
}  // namespace stele::access
