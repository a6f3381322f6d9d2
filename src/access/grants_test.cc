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
  made.grant = {Holder::kToken, token.id,  "ada",        role,         source, std::move(logs), {},
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
  ASSERT_EQ(shipped_roles().size(), table.size());
  for (const Role& role : shipped_roles()) {
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
    return Identity{"token:x", "ada", find_shipped_role(role), "", std::move(logs)}.knows(log, permission);
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
  const auto check_grant = [](const Grant& grant) { return access::check_grant(grant, *find_shipped_role(grant.role)); };
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
  EXPECT_TRUE(wrong([](Grant& g) { g.role = "reader"; })) << "it has a source and does not write";
  EXPECT_TRUE(wrong([](Grant& g) { g.expires = g.created; }));
  EXPECT_TRUE(wrong([](Grant& g) { g.sight.categories = {"authentication"}; })) << "it reads nothing";
  Grant auditor = make("auditor").grant;
  auditor.sight = {{"authentication"}, 10, 20};
  EXPECT_TRUE(check_grant(auditor).ok());
  auditor.sight.until = 10;
  EXPECT_FALSE(check_grant(auditor).ok()) << "nothing is between";
  auditor.sight.until = 20;
  auditor.role = "owner";
  EXPECT_FALSE(check_grant(auditor).ok()) << "he could give himself all";
}

// Goal: whoever sees a part may nothing that shows or changes the whole.
TEST(Grants, of_a_part_are_of_that_part) {
  using enum Permission;
  const Role masked{"analyst", "", {kRead, kWrite, kProve, kReadWhole, kGrant}, false, {"actor.email"}};
  const Identity narrow{"token:x", "ada", find_shipped_role("owner"), "", {}, {{}, 10, {}}, {}};
  const Identity blurred{"token:x", "ada", &masked, "", {}, {}, {}};
  for (const Identity& identity : {narrow, blurred}) {
    EXPECT_TRUE(identity.may(kRead));
    EXPECT_EQ(identity.may(kProve).ok(), identity.role->masked.empty()) << "a hash tells what is masked to who tries";
    for (const Permission whole : {kWrite, kReadWhole, kGrant, kOpenSealed, kErase}) EXPECT_FALSE(identity.may(whole));
  }
}

// Goal: a role is had as it is now by whoever has it; what was let in by another is let in no more; without its role a grant is
// of nothing.
TEST(Grants, have_their_role_as_it_is_now) {
  using enum Permission;
  Grants grants;
  const Made made = make("support");
  grants.put(made.grant);
  EXPECT_FALSE(grants.authenticate(made.text, kNow)->may(kRead));
  grants.put_role({"support", "", {kRead}, false, {}});
  const auto before = grants.authenticate(made.text, kNow);
  EXPECT_TRUE(before->may(kRead));
  EXPECT_TRUE(grants.holds(*before, kNow));
  grants.put_role({"support", "", {kRead}, false, {"message"}});
  EXPECT_FALSE(grants.holds(*before, kNow)) << "it would see what is masked now";
  EXPECT_FALSE(grants.authenticate(made.text, kNow)->sees_whole());
  EXPECT_EQ(grants.holders_of("support", kNow), std::vector<std::string>{"token:" + made.grant.id});
  grants.remove_role("support");
  EXPECT_FALSE(grants.authenticate(made.text, kNow)->may(kRead));
  EXPECT_EQ(grants.find_role("support"), nullptr);
  EXPECT_EQ(grants.roles().size(), shipped_roles().size());
}

TEST(Roles, must_make_sense) {
  using enum Permission;
  const Role sound{"analyst", "sees what happened", {kRead, kObserve}, false, {"actor.email", "attributes.card"}};
  EXPECT_TRUE(check_role(sound).ok());
  const auto wrong = [&](auto change) {
    Role role = sound;
    change(role);
    const Status checked = check_role(role);
    return !checked.ok() && checked.error().code == Code::kInvalid;
  };
  EXPECT_TRUE(wrong([](Role& r) { r.name = "owner"; })) << "it is shipped";
  EXPECT_TRUE(wrong([](Role& r) { r.name = "Analyst"; }));
  EXPECT_TRUE(wrong([](Role& r) { r.name.clear(); }));
  EXPECT_TRUE(wrong([](Role& r) { r.meaning = "a\nb"; }));
  EXPECT_TRUE(wrong([](Role& r) { r.permissions = {}; }));
  EXPECT_TRUE(wrong([](Role& r) { r.permissions = {kWrite}; })) << "it masks, and reads nothing";
  EXPECT_TRUE(wrong([](Role& r) { r.masked = {"time"}; }));
  EXPECT_TRUE(wrong([](Role& r) { r.masked = {"a,b"}; }));
  EXPECT_TRUE(wrong([](Role& r) { r.masked.assign(20, std::string(250, 'a')); })) << "an entry would not have all of it";
  EXPECT_TRUE(wrong([](Role& r) { r.masked = {"a\uFFFD"}; }));
  for (const Permission whole : {kWrite, kProve, kReadWhole, kExport, kGrant, kOpenSealed, kErase})
    EXPECT_TRUE(wrong([&](Role& r) { r.permissions.add(whole); })) << permission_id(whole);
  for (std::size_t i = 0; i < kPermissions; ++i) {
    const auto one = static_cast<Permission>(i);
    EXPECT_EQ(find_permission(permission_id(one)), one);
  }
}

}  // namespace
}  // namespace stele::access
