// Who is let in by which token, and what the roles may.
#include "access/grants.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "access/token.h"
#include "crypto/random.h"

namespace stele::access {
namespace {

constexpr UnixNanos kNow = 1'795'000'000'000'000'000;

struct Made {
  Grant grant;
  std::string text;
};

Made make(const std::string& role, std::vector<std::string> logs = {}, const std::string& source = "") {
  const NewToken token = make_token(crypto::system_random());
  Made made;
  made.grant = {Holder::kToken, token.id,  "ada",        role,         source, std::move(logs),
                kNow,           "local:0", std::nullopt, std::nullopt, "",     token.digest};
  made.text = token.text;
  return made;
}

// Goal: a token lets in from when it is put until it expires or is revoked; a wrong one is told apart from neither an unknown one
// nor one whose id exists.
TEST(Grants, let_in_while_they_are_valid) {
  Grants grants;
  Made made = make("reader");
  made.grant.expires = kNow + 10;
  const Made other = make("reader");
  EXPECT_EQ(grants.authenticate(made.text, kNow).error().message, "this token is not valid here");
  grants.put(made.grant);
  const auto identity = grants.authenticate(made.text, kNow);
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->text, "token:" + made.grant.id);
  EXPECT_EQ(grants.list(Holder::kToken).at(0).last_used, kNow);
  EXPECT_EQ(grants.authenticate(other.text, kNow).error().message, "this token is not valid here");
  Grant same_id = other.grant;
  same_id.id = made.grant.id;
  grants.put(same_id);
  EXPECT_EQ(grants.authenticate(made.text, kNow).error().message, "this token is not valid here") << "its digest is another";
  grants.put(made.grant);
  EXPECT_TRUE(grants.authenticate(made.text, kNow + 9).ok());
  const auto expired = grants.authenticate(made.text, kNow + 10);
  ASSERT_FALSE(expired.ok());
  EXPECT_EQ(expired.error().code, Code::kUnauthenticated);
  EXPECT_NE(expired.error().message.find("expired"), std::string::npos);
  made.grant.revoked = kNow + 5;
  grants.put(made.grant);
  EXPECT_NE(grants.authenticate(made.text, kNow + 6).error().message.find("revoked"), std::string::npos);
  EXPECT_EQ(grants.list(Holder::kToken).at(0).last_used, kNow + 9) << "a refusal is no use";
}

// Goal: each role may what the table of docs/formats/access.md says, and its refusal says who may.
TEST(Grants, roles_may_what_is_documented) {
  using enum Permission;
  const std::map<std::string, std::set<Permission>> table{
      {"writer", {kWrite, kProve}},
      {"reader", {kRead, kProve}},
      {"auditor", {kRead, kReadWhole, kProve, kExport, kObserve}},
      {"operator", {kObserve, kOperate}},
      {"admin", {kObserve, kGrant}},
      {"owner", {kWrite, kRead, kReadWhole, kProve, kExport, kObserve, kOperate, kGrant, kOpenSealed, kErase}},
  };
  ASSERT_EQ(roles().size(), table.size());
  for (const Role& role : roles()) {
    const Identity identity{"token:x", "ada", &role, "", {}};
    for (std::size_t i = 0; i < kPermissions; ++i) {
      const auto permission = static_cast<Permission>(i);
      const Status may = identity.may(permission);
      EXPECT_EQ(may.ok(), table.at(std::string(role.name)).contains(permission))
          << role.name << " " << permission_name(permission);
      if (may) continue;
      EXPECT_EQ(may.error().code, Code::kDenied);
      EXPECT_NE(may.error().message.find("owner"), std::string::npos) << may.error().message;
    }
  }
}

// Goal: a log that is not its own is not there for a token; nobody writes to audit, and who sees it is said.
TEST(Grants, know_of_their_logs_alone) {
  using enum Permission;
  const auto knows = [](const std::string& role, std::vector<std::string> logs, std::string_view log, Permission permission) {
    return Identity{"token:x", "ada", find_role(role), "", std::move(logs)}.knows(log, permission);
  };
  EXPECT_TRUE(knows("reader", {}, "main", kRead));
  EXPECT_TRUE(knows("reader", {"main"}, "main", kRead));
  EXPECT_FALSE(knows("reader", {"main"}, "other", kRead));
  EXPECT_FALSE(knows("reader", {}, "audit", kRead));
  EXPECT_TRUE(knows("reader", {"audit"}, "audit", kRead));
  EXPECT_TRUE(knows("auditor", {}, "audit", kRead));
  EXPECT_FALSE(knows("auditor", {"main"}, "audit", kRead));
  EXPECT_TRUE(knows("operator", {}, "audit", kObserve));
  for (const char* role : {"writer", "owner"}) {
    EXPECT_FALSE(knows(role, {}, "audit", kWrite));
    EXPECT_FALSE(knows(role, {"audit"}, "audit", kWrite));
  }
}

TEST(Grants, must_make_sense) {
  const Grant sound = make("writer", {}, "billing").grant;
  EXPECT_TRUE(check_grant(sound).ok());
  const auto wrong = [&](auto change) {
    Grant grant = sound;
    change(grant);
    const Status checked = check_grant(grant);
    return !checked.ok() && checked.error().code == Code::kInvalid;
  };
  EXPECT_TRUE(wrong([](Grant& g) { g.name = ""; }));
  EXPECT_TRUE(wrong([](Grant& g) { g.name = "a\nb"; }));
  EXPECT_TRUE(wrong([](Grant& g) { g.name = "\xff"; }));
  EXPECT_TRUE(wrong([](Grant& g) { g.name.assign(257, 'a'); }));
  EXPECT_TRUE(wrong([](Grant& g) { g.role = "king"; }));
  EXPECT_TRUE(wrong([](Grant& g) { g.role = "reader"; })) << "it has a source and does not write";
  EXPECT_TRUE(wrong([](Grant& g) { g.expires = g.created; }));
}

}  // namespace
}  // namespace stele::access
