// Whose the accounts are, and what each owner did under them.
#include "api/accounts.h"
#include "base/clock.h"

#include <gtest/gtest.h>

namespace stele::api {
namespace {

constexpr UnixNanos kStart = 1'795'000'000'000'000'000;

// Goal: where a name is different people's in different sources each is told what he did, and nothing of the others; what was
// done in more sources than are told apart is of whoever has the name in all of them.
TEST(Accounts, tells_the_owners_of_one_name_apart) {
  const auto directory = people::Directory::parse(
      "people:\n"
      "  ada: {accounts: [{source: github, account: dev}]}\n"
      "  bob: {accounts: [{source: jira, account: dev}, {source: wiki, account: dev}]}\n"
      "shared: [dev]\n",
      "people.yaml");
  ASSERT_TRUE(directory) << directory.error().message;
  sources::Ledger ledger;
  std::uint64_t index = 0;
  const auto act = [&](const std::string& source, int times) {
    for (int i = 0; i < times; ++i) {
      sources::Sighting one;
      one.received = kStart + static_cast<UnixNanos>(index) * kSecond;
      one.source = source;
      one.actor_type = "user";
      one.actor = "dev";
      ledger.observe(index++, one, "");
    }
  };
  act("github", 3);
  act("jira", 5);
  act("wiki", 7);
  const auto time = [](int second) { return "\"" + format_time(kStart + second * kSecond) + "\""; };
  const std::string ada = R"({"account":"dev","person":"ada","shared":false,"generic":false,"events":3,"first_seen":)" + time(0) +
                          R"(,"last_seen":)" + time(2) + R"(,"sources":["github"]})";
  const std::string bob = R"({"account":"dev","person":"bob","shared":false,"generic":false,"events":12,"first_seen":)" +
                          time(3) + R"(,"last_seen":)" + time(14) + R"(,"sources":["jira","wiki"]})";
  EXPECT_EQ(accounts_json(ledger, *directory), R"({"accounts":[)" + ada + "," + bob + "]}\n");

  for (int i = 0; i < 10; ++i) act("other-" + std::to_string(i), 2);
  const std::string json = accounts_json(ledger, *directory);
  EXPECT_NE(json.find(ada), std::string::npos) << json;
  EXPECT_NE(json.find(bob), std::string::npos) << json;
  EXPECT_NE(json.find(R"("person":null,"shared":true,"generic":false,"events":20,)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("other-4"],"elsewhere":true})"), std::string::npos) << json;
}

}  // namespace
}  // namespace stele::api
