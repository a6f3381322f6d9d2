// Accounts find their people, and mistakes in the file their lines.
#include "people/directory.h"

#include <gtest/gtest.h>

namespace stele::people {
namespace {

TEST(Directory, joins_the_accounts_of_a_person) {
  const auto directory = Directory::parse(
      "people:\n"
      "  ada:\n"
      "    name: Ada Park\n"
      "    email: ada@example.com\n"
      "    accounts: [u_42, {source: github, account: adapark}]\n"
      "  bob:\n"
      "    accounts: [{source: legacy, account: ada}]\n"
      "shared: [deploy, {source: db, account: app}]\n",
      "p.yaml");
  ASSERT_TRUE(directory) << directory.error().message;
  const auto owner = [&](const char* source, const char* account) {
    const Person* person = directory->owner(source, account);
    return person == nullptr ? std::string() : person->id;
  };
  EXPECT_EQ(owner("any", "ada"), "ada");
  EXPECT_EQ(owner("any", "u_42"), "ada");
  EXPECT_EQ(owner("any", "ada@example.com"), "ada");
  EXPECT_EQ(owner("github", "adapark"), "ada");
  EXPECT_EQ(owner("gitlab", "adapark"), "");
  EXPECT_EQ(owner("legacy", "ada"), "bob");
  EXPECT_EQ(owner("any", "deploy"), "");
  EXPECT_TRUE(directory->is_shared("any", "deploy"));
  EXPECT_TRUE(directory->is_shared("db", "app"));
  EXPECT_FALSE(directory->is_shared("any", "app"));
  EXPECT_TRUE(is_generic("root"));
  EXPECT_FALSE(is_generic("ada"));
}

TEST(Directory, says_what_is_wrong_and_where) {
  const std::pair<const char*, const char*> cases[] = {
      {"people:\n  a: {accounts: [x]}\n  b: {accounts: [x]}\n", "p.yaml:3: the account \"x\" has two owners"},
      {"people:\n  a: {accounts: [x]}\nshared: [x]\n", "p.yaml:3: the account \"x\" has two owners"},
      {"people:\n  a: {mail: x}\n", "p.yaml:2: a person has no \"mail\""},
      {"people: [a]\n", "p.yaml:1: people is a list of"},
      {"persons: {}\n", "p.yaml:1: the file has no \"persons\""},
      {"people:\n  a: {accounts: [{source: x}]}\n", "p.yaml:2: the account has no \"account\""},
      {"people: {a: [", "p.yaml:"},
  };
  for (const auto& [yaml, message] : cases) {
    const auto directory = Directory::parse(yaml, "p.yaml");
    ASSERT_FALSE(directory) << yaml;
    EXPECT_NE(directory.error().message.find(message), std::string::npos) << directory.error().message;
  }
}

}  // namespace
}  // namespace stele::people
