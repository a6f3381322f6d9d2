// Who a caller is taken for.
#include "access/authorise.h"

#include <gtest/gtest.h>

#include "access/token.h"
#include "crypto/random.h"

namespace stele::access {
namespace {

class Who : public ::testing::Test {
 protected:
  [[nodiscard]] Result<Identity> who(const Caller& caller, bool allow_remote = false) const {
    return Authority(allow_remote, grants_, system_clock()).identify(caller);
  }
  static Caller elsewhere() { return {false, "203.0.113.9:5", false, std::nullopt, ""}; }

  Grants grants_;
};

// Goal: without a token nothing from outside this machine passes unless it was opened in words.
TEST_F(Who, is_nobody_from_elsewhere) {
  const auto refused = who(elsewhere());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_NE(refused.error().message.find("203.0.113.9"), std::string::npos);
  EXPECT_EQ(who({true, "127.0.0.1:5", false, std::nullopt, ""})->role->name, "owner");
  EXPECT_EQ(who(elsewhere(), true)->role->name, "owner");
}

TEST_F(Who, comes_through_an_open_door_to_write_and_for_nothing_else) {
  Caller caller = elsewhere();
  caller.open_door = true;
  EXPECT_EQ(who(caller)->role->name, "writer");
}

TEST_F(Who, has_the_control_socket_is_its_user) { EXPECT_EQ(who({true, "unix", false, 1000U, ""})->text, "local:1000"); }

// Goal: a token that is shown decides, and one that is not valid is not passed over, wherever its bearer is.
TEST_F(Who, shows_a_token_is_whom_it_was_given_to) {
  const NewToken token = make_token(crypto::system_random());
  grants_.put({token.id, "ada", "reader", "", {"main"}, 1, "local:0", std::nullopt, std::nullopt, "", token.digest});
  for (const bool here : {true, false}) {
    Caller caller{here, "203.0.113.9:5", false, std::nullopt, ""};
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

}  // namespace
}  // namespace stele::access
