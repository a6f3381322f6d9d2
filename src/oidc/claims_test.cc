// What a token says: for us, now, of this login; and of whom.
#include "oidc/claims.h"

#include <gtest/gtest.h>

#include <map>

#include "base/clock.h"
#include "base/json_text.h"
#include "crypto/sha256.h"
#include "oidc/encoding.h"

namespace stele::oidc {
namespace {

constexpr std::int64_t kNow = 1'795'000'000;

// A payload with these members, as JSON, instead of the usual ones; an empty one is left out.
std::string payload(const std::map<std::string, std::string>& other = {}) {
  std::map<std::string, std::string> members = {
      {"iss", R"("https://id.example")"}, {"sub", R"("u1")"},  {"aud", R"("stele")"}, {"exp", std::to_string(kNow + 300)},
      {"iat", std::to_string(kNow)},      {"nonce", R"("n1")"}};
  for (const auto& [name, value] : other) members[name] = value;
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (value.empty()) continue;
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ":" + value;
  }
  return out + "}";
}

Expected expected() { return {"https://id.example", "stele", "n1", "access", "RS256", kNow * kSecond}; }

TEST(IdToken, IsForUsNow) {
  EXPECT_TRUE(check_id_token(payload(), expected()));
  EXPECT_TRUE(check_id_token(payload({{"aud", R"(["stele"])"}}), expected()));
  EXPECT_TRUE(check_id_token(payload({{"aud", R"(["other","stele"])"}, {"azp", R"("stele")"}}), expected()));
  EXPECT_TRUE(check_id_token(payload({{"exp", std::to_string(kNow - 59)}}), expected())) << "clocks are a minute apart";
  EXPECT_TRUE(check_id_token(payload({{"iat", std::to_string(kNow + 60)}, {"nbf", std::to_string(kNow + 60)}}), expected()));
  EXPECT_TRUE(check_id_token(payload({{"exp", std::to_string(kNow) + ".5"}}), expected()));
  const std::string hash = base64url_encode(as_byte_span(crypto::sha256(as_byte_span("access"))).first(16));
  EXPECT_TRUE(check_id_token(payload({{"at_hash", '"' + hash + '"'}}), expected()));
}

TEST(IdToken, IsRefusedWhereAClaimIsWrong) {
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"iss", R"("https://id.example/")"},
           {"iss", R"("https://evil.example")"},
           {"iss", ""},
           {"aud", R"("other")"},
           {"aud", R"(["other"])"},
           {"aud", R"(["other","stele"])"},
           {"aud", R"({"stele":1})"},
           {"aud", ""},
           {"azp", R"("other")"},
           {"exp", std::to_string(kNow - 60)},
           {"exp", "-1"},
           {"exp", "1e99"},
           {"exp", R"("1795000300")"},
           {"exp", ""},
           {"iat", std::to_string(kNow + 61)},
           {"iat", ""},
           {"nbf", std::to_string(kNow + 61)},
           {"nbf", R"("soon")"},
           {"nonce", R"("n2")"},
           {"nonce", R"("n")"},
           {"nonce", R"("")"},
           {"nonce", ""},
           {"at_hash", R"("AAAAAAAAAAAAAAAAAAAAAA")"},
       }) {
    const Status checked = check_id_token(payload({{name, value}}), expected());
    ASSERT_FALSE(checked) << name << ": " << value;
    EXPECT_EQ(checked.error().code, Code::kUnauthenticated);
    EXPECT_NE(checked.error().message.find(name), std::string::npos) << checked.error().message;
  }
  for (const std::string text : {"", "[]", "null", "{", R"({"iss":"a","iss":"a"})"})
    EXPECT_FALSE(check_id_token(text, expected()));
  Expected without = expected();
  without.nonce.clear();
  EXPECT_FALSE(check_id_token(payload({{"nonce", R"("")"}}), without)) << "there is always one";
}

TEST(Person, IsWhoTheClaimsSay) {
  const auto ada = read_person(
      R"({"sub":"u1","name":"Ada Park","preferred_username":"ada","email":"ada@example.com","groups":["Audit Team","ops"]})", {});
  ASSERT_TRUE(ada) << ada.error().message;
  EXPECT_EQ(ada->user, "u1");
  EXPECT_EQ(ada->name, "Ada Park");
  EXPECT_EQ(ada->login, "ada");
  EXPECT_EQ(ada->email, "ada@example.com");
  EXPECT_EQ(ada->groups, (std::vector<std::string>{"Audit Team", "ops"}));
  EXPECT_EQ(read_person(R"({"sub":"u1","preferred_username":"ada"})", {"preferred_username", "hd"})->user, "ada");
  EXPECT_EQ(read_person(R"({"sub":"u1","hd":"example.com"})", {"sub", "hd"})->groups, std::vector<std::string>{"example.com"});
  EXPECT_FALSE(read_person(R"({"sub":"u1"})", {})->groups);
  const auto many = read_person(R"({"sub":"u1","_claim_names":{"groups":"src1"}})", {});
  EXPECT_TRUE(many->has_too_many_groups);
}

TEST(Person, HasGroupsWithinAnotherClaim) {
  const std::string json = R"({"sub":"u1","realm_access":{"roles":["audit"]},"a/b":{"~1":["odd"]},"/x":["top"],"email":"a@b.c",)"
                           R"("email_verified":false})";
  const auto groups = [&](const std::string& name) { return read_person(json, {"sub", name})->groups; };
  EXPECT_EQ(groups("/realm_access/roles"), std::vector<std::string>{"audit"});
  EXPECT_EQ(groups("/a~1b/~01"), std::vector<std::string>{"odd"});
  EXPECT_EQ(groups("/~1x"), std::vector<std::string>{"top"});
  for (const std::string absent : {"realm_access/roles", "/realm_access/role", "/realm_access/roles/0", "/realm_access/"})
    EXPECT_FALSE(groups(absent)) << absent;
  EXPECT_FALSE(
      read_person(R"({"sub":"u1","profile":{"email":"a@b.c"},"email_verified":false})", {"sub", "/profile/email"})->groups);
  for (const std::string name : {"groups", "https://a.example/groups", "/a/b", "/~1a", "/a~0/b"})
    EXPECT_TRUE(check_claim_name(name)) << name;
  for (const std::string name : {"/", "/groups", "/email", "/a~2/b", "/a/~"}) EXPECT_FALSE(check_claim_name(name)) << name;
  EXPECT_FALSE(read_person(json, {"sub", "/realm_access"})) << "no list";
}

// Goal: nobody is named by an address that the provider does not vouch for.
TEST(Person, IsNotNamedByAnAddressThatIsNotVerified) {
  const ClaimNames names{"email", "email"};
  const auto who = [&](const std::string& verified) {
    return read_person(R"({"sub":"u1","email":"a@example.com")" + verified + "}", names);
  };
  EXPECT_EQ(who("")->user, "a@example.com");
  EXPECT_EQ(who(R"(,"email_verified":true)")->user, "a@example.com");
  for (const std::string no : {R"(,"email_verified":false)", R"(,"email_verified":"false")", R"(,"email_verified":null)"}) {
    EXPECT_EQ(who(no)->user, "") << no;
    EXPECT_FALSE(who(no)->groups) << no;
  }
}

TEST(Person, HasLimits) {
  for (const std::string text : {R"({})", R"({"sub":""})", R"({"sub":1})", R"({"sub":"a\nb"})", R"({"sub":"u","groups":1})",
                                 R"({"sub":"u","groups":[1]})", R"({"sub":"u","groups":{"a":1}})", "[]"})
    EXPECT_FALSE(read_person(text, {})) << text;
  EXPECT_FALSE(read_person(R"({"sub":")" + std::string(257, 'x') + "\"}", {}));
  EXPECT_FALSE(read_person(R"({"sub":"u","login":1})", {"login", "groups"}));
  EXPECT_EQ(read_person(R"({"sub":"u","name":")" + std::string(257, 'x') + "\"}", {})->name, "") << "a name is for people alone";
  std::string many = R"({"sub":"u","groups":["g")";
  for (int i = 0; i < 5'000; ++i) many += ",\"g\"";
  EXPECT_FALSE(read_person(many + "]}", {}));
}

// Goal: what is said twice is as the ID token has it.
TEST(Person, TakesOverWhatItDoesNotSay) {
  Person token = *read_person(R"({"sub":"u","name":"A"})", {});
  token.add(*read_person(R"({"sub":"u","name":"B","email":"b@c","groups":["g"]})", {}));
  EXPECT_EQ(token.name, "A");
  EXPECT_EQ(token.email, "b@c");
  EXPECT_EQ(token.groups, std::vector<std::string>{"g"});
  token.add(*read_person(R"({"sub":"u","groups":["owner"]})", {}));
  EXPECT_EQ(token.groups, std::vector<std::string>{"g"});
}

}  // namespace
}  // namespace stele::oidc
