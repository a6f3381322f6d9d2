// The whole way through a provider, which is a server in this process that answers what a test says.
#include "oidc/login.h"

#include <gtest/gtest.h>

#include <map>

#include "base/clock.h"
#include "crypto/sha256.h"
#include "net/http_server.h"
#include "support/fixed.h"
#include "support/oidc_tokens.h"

namespace stele::oidc {
namespace {

using testing::HandClock;
using testing::key_set;
using testing::SeededRandom;
using testing::TokenKey;

// A provider on this machine that answers each path with what a test says, also what no sound one would
// (tests/access/test_oidc.py has a real one); it counts.
class LoopbackProvider {
 public:
  LoopbackProvider() {
    auto bound = server_.listen("127.0.0.1:0");
    EXPECT_TRUE(bound);
    issuer = "http://" + *bound;
    answers["/.well-known/openid-configuration"] =
        R"({"issuer":")" + issuer + R"(","authorization_endpoint":")" + issuer + R"(/auth?x=1","token_endpoint":")" + issuer +
        R"(/token","jwks_uri":")" + issuer + R"(/jwks","userinfo_endpoint":")" + issuer + R"(/me")" + more_metadata + "}";
  }
  std::string issuer;
  std::string more_metadata = R"(,"authorization_response_iss_parameter_supported":true)";
  std::map<std::string, std::string> answers;
  std::map<std::string, int> asked;
  net::Request last_token;

 private:
  void handle(const net::Request& request, const net::Reply& reply) {
    ++asked[request.path];
    if (request.path == "/token") last_token = request;
    net::Response response;
    response.body = answers[request.path];
    if (response.body.empty()) response.status = 500;
    reply.send(std::move(response));
  }
  net::Runtime runtime_{1};
  net::HttpServer server_{runtime_, [this](const net::Request& r, const net::Reply& reply) { handle(r, reply); },
                          net::HttpLimits()};
};

class LoginTest : public ::testing::Test {
 protected:
  LoginTest() { loopback.answers["/jwks"] = key_set({key.jwk()}); }

  LoginOptions options() const {
    LoginOptions out;
    out.provider.issuer = loopback.issuer;
    out.provider.client_id = "stele here";
    out.provider.client_secret = "a secret:+";
    out.provider.redirect_uri = "https://stele.example/api/v1/oidc/callback";
    return out;
  }
  // The token endpoint answers with an ID token that this key signs.
  void answer_with(const TokenKey& signer, const std::string& kid, const std::string& nonce, const std::string& more) {
    const std::int64_t now = clock.now() / kSecond;
    const std::string payload = R"({"iss":")" + loopback.issuer + R"(","aud":"stele here","sub":"u1","nonce":")" + nonce +
                                R"(","iat":)" + std::to_string(now) + R"(,"exp":)" + std::to_string(now + 60) + more + "}";
    loopback.answers["/token"] =
        R"({"access_token":"a1","token_type":"Bearer","id_token":")" + signer.sign("ES256", payload, kid) + "\"}";
  }
  static std::string parameter(const std::string& url, const std::string& name) {
    net::Request request;
    request.query = url.substr(url.find('?') + 1);
    return request.parameter(name).value_or("");
  }
  // One whole login of whom the token says `more`.
  Login::Verdict log_in(Login& login, const TokenKey& signer, const std::string& kid, const std::string& more) {
    const auto begun = login.begin();
    if (!begun) return {begun.error(), {}, {}, {}};
    answer_with(signer, kid, parameter(begun->url, "nonce"), more);
    return login.finish(begun->cookie, parameter(begun->url, "state"), {"code 1", loopback.issuer, "", ""});
  }

  LoopbackProvider loopback;
  TokenKey key = TokenKey::curve("k1");
  HandClock clock;
  SeededRandom random{1};
  access::Grants grants;
  GroupRoles roles = std::move(
      *GroupRoles::parse("roles: [{group: audit, role: auditor}, {group: eu, role: reader, logs: [eu]}]", "roles.yaml"));
};

const std::string kAudit = R"(,"name":"Ada Park","groups":["audit"])";

TEST_F(LoginTest, GivesTheRoleOfAGroup) {
  Login login(options(), roles, grants, clock, random);
  const auto begun = login.begin();
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_TRUE(begun->url.starts_with(loopback.issuer + "/auth?x=1&response_type=code&"));
  EXPECT_EQ(parameter(begun->url, "client_id"), "stele here");
  EXPECT_EQ(parameter(begun->url, "redirect_uri"), "https://stele.example/api/v1/oidc/callback");
  EXPECT_EQ(parameter(begun->url, "code_challenge_method"), "S256");
  answer_with(key, "k1", parameter(begun->url, "nonce"), kAudit);
  const auto verdict = login.finish(begun->cookie, parameter(begun->url, "state"), {"code 1", loopback.issuer, "", ""});
  ASSERT_TRUE(verdict.status) << verdict.status.error().message;
  EXPECT_EQ(verdict.identity.text, "oidc:u1");
  EXPECT_EQ(verdict.identity.name, "Ada Park");
  EXPECT_EQ(verdict.identity.role->name, "auditor");
  EXPECT_EQ(verdict.group, "audit");
  net::Request form;
  form.query = loopback.last_token.body;
  EXPECT_EQ(form.parameter("grant_type"), "authorization_code");
  EXPECT_EQ(form.parameter("code"), "code 1");
  EXPECT_FALSE(form.parameter("client_secret"));
  EXPECT_EQ(loopback.last_token.header("authorization"), "Basic " + base64_encode(as_byte_span("stele%20here:a%20secret%3A%2B")));
  EXPECT_EQ(base64url_encode(as_byte_span(crypto::sha256(as_byte_span(*form.parameter("code_verifier"))))),
            parameter(begun->url, "code_challenge"));
  EXPECT_EQ(loopback.asked["/me"], 0) << "the token says all";

  const auto narrow = log_in(login, key, "k1", R"(,"name":"E","groups":["eu"])");
  EXPECT_EQ(narrow.identity.logs, std::vector<std::string>{"eu"});
  EXPECT_EQ(loopback.asked["/.well-known/openid-configuration"], 1);
  EXPECT_EQ(loopback.asked["/jwks"], 1);
}

TEST_F(LoginTest, RefusesWhoIsInNoGroupThatHasARole) {
  Login login(options(), roles, grants, clock, random);
  const auto verdict = log_in(login, key, "k1", R"(,"name":"E","groups":["sales"])");
  ASSERT_FALSE(verdict.status);
  EXPECT_EQ(verdict.status.error().code, Code::kDenied);
  EXPECT_EQ(verdict.identity.text, "oidc:u1") << "it is known who that is";
  loopback.answers["/me"] = R"({"sub":"u1"})";
  EXPECT_NE(log_in(login, key, "k1", "").status.error().message.find("no claim groups"), std::string::npos);
  EXPECT_NE(log_in(login, key, "k1", R"(,"_claim_names":{"groups":"s"})").status.error().message.find("more groups"),
            std::string::npos);
}

// Goal: what the ID token does not say is asked, with the access token, and believed of him alone.
TEST_F(LoginTest, AsksForTheRestOfHim) {
  Login login(options(), roles, grants, clock, random);
  loopback.answers["/me"] = R"({"sub":"u1","name":"Ada Park","groups":["audit"]})";
  const auto verdict = log_in(login, key, "k1", "");
  ASSERT_TRUE(verdict.status) << verdict.status.error().message;
  EXPECT_EQ(verdict.identity.name, "Ada Park");
  loopback.answers["/me"] = R"({"sub":"u2","groups":["audit"]})";
  EXPECT_NE(log_in(login, key, "k1", "").status.error().message.find("somebody else"), std::string::npos);
}

TEST_F(LoginTest, RefusesWhatIsOfAnotherLoginOrIssuer) {
  Login login(options(), roles, grants, clock, random);
  const auto begun = login.begin();
  const auto other = login.begin();
  answer_with(key, "k1", parameter(begun->url, "nonce"), kAudit);
  const auto back = [&](const std::string& cookie, const std::string& url, const Return& returned) {
    const auto verdict = login.finish(cookie, parameter(url, "state"), returned);
    return verdict.status ? std::string("in") : verdict.status.error().message;
  };
  EXPECT_NE(back(other->cookie, begun->url, {"c", loopback.issuer, "", ""}).find("not the one"), std::string::npos);
  EXPECT_NE(back(other->cookie, other->url, {"c", loopback.issuer, "", ""}).find("nonce"), std::string::npos) << "another's code";
  for (const Return& wrong :
       {Return{"c", "https://evil.example", "", ""}, Return{"c", std::nullopt, "", ""}, Return{"c", "", "", ""}}) {
    const auto again = login.begin();
    EXPECT_NE(back(again->cookie, again->url, wrong).find("iss"), std::string::npos);
  }
  const auto denied = login.begin();
  EXPECT_NE(back(denied->cookie, denied->url, {"", loopback.issuer, "access_denied", "no\nmore"}).find("access_denied (no more)"),
            std::string::npos);
  EXPECT_EQ(back(begun->cookie, begun->url, {"c", loopback.issuer, "", ""}), "in");
  EXPECT_NE(back(begun->cookie, begun->url, {"c", loopback.issuer, "", ""}).find("good once"), std::string::npos);
}

// Goal: a key that is new is found, and who makes up keys does not make the server ask for them more than once a minute.
TEST_F(LoginTest, ReadsNewKeysOnceAMinute) {
  Login login(options(), roles, grants, clock, random);
  ASSERT_TRUE(log_in(login, key, "k1", kAudit).status);
  const TokenKey second = TokenKey::curve("k2");
  const TokenKey third = TokenKey::curve("k3");
  loopback.answers["/jwks"] = key_set({second.jwk()});
  ASSERT_TRUE(log_in(login, second, "k2", kAudit).status);
  EXPECT_FALSE(log_in(login, key, "k1", kAudit).status) << "the provider has it no more";
  loopback.answers["/jwks"] = key_set({second.jwk(), third.jwk()});
  EXPECT_FALSE(log_in(login, third, "k3", kAudit).status);
  EXPECT_EQ(loopback.asked["/jwks"], 2);
  clock.advance(60 * kSecond);
  EXPECT_TRUE(log_in(login, third, "k3", kAudit).status);
  EXPECT_EQ(loopback.asked["/jwks"], 3);
  // What was taken back is believed for an hour at most.
  clock.advance(3'600 * kSecond);
  loopback.answers["/jwks"].clear();
  const auto verdict = log_in(login, third, "k3", kAudit);
  ASSERT_FALSE(verdict.status);
  EXPECT_EQ(verdict.status.error().code, Code::kUnavailable);
}

TEST_F(LoginTest, SaysWhenTheProviderDoesNotAnswer) {
  Login login(options(), roles, grants, clock, random);
  const std::string document = loopback.answers["/.well-known/openid-configuration"];
  loopback.answers["/.well-known/openid-configuration"].clear();
  for (int i = 0; i < 10; ++i) {
    const auto begun = login.begin();
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, Code::kUnavailable);
  }
  EXPECT_EQ(loopback.asked["/.well-known/openid-configuration"], 1) << "it is not asked by each that comes";
  clock.advance(5 * kSecond);
  loopback.answers["/.well-known/openid-configuration"] = document;
  const auto begun = login.begin();
  ASSERT_TRUE(begun) << begun.error().message;
  const std::string state = parameter(begun->url, "state");
  loopback.answers["/token"] = R"({"error":"invalid_grant"})";
  EXPECT_NE(login.finish(begun->cookie, state, {"c", loopback.issuer, "", ""}).status.error().message.find("invalid_grant"),
            std::string::npos);
  EXPECT_FALSE(parse_token_answer(200, "{}"));
  EXPECT_FALSE(parse_token_answer(302, R"({"id_token":"x"})"));
  EXPECT_FALSE(parse_token_answer(200, "<html>"));
}

TEST_F(LoginTest, EndsWithoutWaiting) {
  Login login(options(), roles, grants, clock, random);
  EXPECT_FALSE(login.gives(access::Permission::kGrant));
  EXPECT_TRUE(login.gives(access::Permission::kExport));
  login.stop();
  EXPECT_FALSE(login.begin());
}

TEST_F(LoginTest, TellsFailuresOfANetworkInFullUntilTheyAreMany) {
  Login login(options(), roles, grants, clock, random);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(login.tells_in_full("203.0.113.0/24"));
  EXPECT_FALSE(login.tells_in_full("203.0.113.0/24"));
  EXPECT_TRUE(login.tells_in_full("198.51.100.0/24"));
}

}  // namespace
}  // namespace stele::oidc
