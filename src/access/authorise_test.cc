#include "access/authorise.h"

#include <gtest/gtest.h>

namespace stele::access {
namespace {

// Goal: nothing from outside this machine passes unless it was opened in words.
TEST(Authority, allows_this_machine_and_refuses_others_by_name) {
  const Authority authority(false);
  for (const Permission permission : {Permission::kWrite, Permission::kRead, Permission::kProve, Permission::kObserve}) {
    EXPECT_TRUE(authority.authorise({true, "127.0.0.1:5"}, permission, "main").ok());
    const Status refused = authority.authorise({false, "203.0.113.9:5"}, permission, "main");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::kDenied);
    EXPECT_NE(refused.error().message.find("203.0.113.9"), std::string::npos);
    EXPECT_NE(refused.error().message.find(permission_name(permission)), std::string::npos);
  }
}

TEST(Authority, allows_others_when_opened) {
  EXPECT_TRUE(Authority(true).authorise({false, "203.0.113.9:5"}, Permission::kWrite, "main").ok());
}

TEST(Authority, lets_who_comes_through_an_open_door_write_and_nothing_else) {
  const Authority authority(false);
  EXPECT_TRUE(authority.authorise({false, "203.0.113.9:5", true}, Permission::kWrite, "main").ok());
  for (const Permission permission : {Permission::kRead, Permission::kProve, Permission::kObserve})
    EXPECT_FALSE(authority.authorise({false, "203.0.113.9:5", true}, permission, "main").ok());
}

}  // namespace
}  // namespace stele::access
