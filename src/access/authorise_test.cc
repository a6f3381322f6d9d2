// Who a caller is taken for.
#include "access/authorise.h"

#include <gtest/gtest.h>

#include "access/token.h"
#include "crypto/random.h"

namespace stele::access {
namespace {

class Who : public ::testing::Test {
 protected:
  [[nodiscard]] Result<Identity> who(const Caller& caller, const Role* loopback_role = nullptr) const {
    return Authority(loopback_role, grants_, system_clock()).identify(caller);
  }
  static Caller elsewhere() { return {false, "203.0.113.9:5", "", std::nullopt, ""}; }

  Grants grants_;
};

// Goal: without a token nobody passes, not from this machine either, unless the operator gave it a role in words.
TEST_F(Who, shows_nothing_is_nobody) {
  const Caller here{true, "127.0.0.1:5", "", std::nullopt, ""};
  for (const Caller& caller : {elsewhere(), here}) {
    const auto refused = who(caller);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::kUnauthenticated);
    EXPECT_NE(refused.error().message.find("stele token create"), std::string::npos);
  }
  EXPECT_EQ(who(here, find_shipped_role("writer"))->role->name, "writer");
  EXPECT_FALSE(who(elsewhere(), find_shipped_role("writer")).ok());
}

TEST_F(Who, has_a_certificate_writes_and_nothing_else) {
  Caller caller = elsewhere();
  caller.certificate = "billing-1";
  EXPECT_EQ(who(caller)->role->name, "writer");
  EXPECT_EQ(who(caller)->text, "certificate:billing-1");
}

TEST_F(Who, is_nobody_knows_of_nothing) {
  const Identity nobody = Identity::nobody();
  for (std::size_t i = 0; i < kPermissions; ++i) {
    EXPECT_FALSE(nobody.may(static_cast<Permission>(i)));
    for (const std::string_view log : {"main", "audit"}) EXPECT_FALSE(nobody.knows(log, static_cast<Permission>(i)));
  }
}

TEST_F(Who, has_the_control_socket_is_its_user) { EXPECT_EQ(who({true, "unix", "", 1000U, ""})->text, "local:1000"); }

// Goal: a token that is shown decides, and one that is not valid is not passed over, wherever its bearer is.
TEST_F(Who, shows_a_token_is_whom_it_was_given_to) {
  const NewToken token = make_token(crypto::system_random());
  grants_.put(
      {Holder::kToken, token.id, "ada", "reader", "", {"main"}, {}, 1, "local:0", std::nullopt, std::nullopt, "", token.digest});
  for (const bool here : {true, false}) {
    Caller caller{here, "203.0.113.9:5", "", std::nullopt, ""};
    for (const std::string scheme : {"Bearer ", "bearer ", "BEARER   "}) {
      const std::string shown = scheme + token.text;
      caller.authorization = shown;
      const auto identity = who(caller);
      ASSERT_TRUE(identity.ok()) << identity.error().message;
      EXPECT_EQ(identity->text, "token:" + token.id);
      EXPECT_EQ(identity->role->name, "reader");
    }
    for (const std::string& wrong :
         std::vector<std::string>{"Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer " + token.text + "0"}) {
      caller.authorization = wrong;
      const auto identity = who(caller);
      ASSERT_FALSE(identity.ok()) << wrong;
      EXPECT_EQ(identity.error().code, Code::kUnauthenticated);
    }
  }
}

// Goal: whom a provider vouches for has what his groups gave him then, whatever is granted here; he is no user of that name.
TEST(Authority, KnowsWhomAProviderVouchesFor) {
  Grants grants;
  const Authority authority(nullptr, grants, system_clock());
  Identity ada{"oidc:ada", "Ada Park", find_shipped_role("auditor"), "", {"main"}};
  ada.session = Hash{7};
  const auto again = authority.again(ada);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text, "oidc:ada");
  EXPECT_EQ(again->role, find_shipped_role("auditor"));
  EXPECT_EQ(again->logs, std::vector<std::string>{"main"});
  EXPECT_EQ(again->session, ada.session);
  EXPECT_TRUE(grants.holds(ada, system_clock().now()));
  ada.text = "user:ada";
  EXPECT_FALSE(authority.again(ada));
}

}  // namespace
}  // namespace stele::access
