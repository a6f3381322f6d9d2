// What a provider says of itself, how addresses are written, and the file of groups and roles.
#include "oidc/metadata.h"

#include <gtest/gtest.h>

#include "base/json_text.h"
#include "oidc/encoding.h"
#include "oidc/group_roles.h"

namespace stele::oidc {
namespace {

std::string document(const std::string& issuer, const std::string& base, const std::string& more = {}) {
  return R"({"issuer":")" + issuer + R"(","authorization_endpoint":")" + base + R"(/auth","token_endpoint":")" + base +
         R"(/token","jwks_uri":")" + base + R"(/jwks")" + more + "}";
}

TEST(Metadata, IsOfThisIssuer) {
  EXPECT_EQ(metadata_url("https://id.example"), "https://id.example/.well-known/openid-configuration");
  EXPECT_EQ(metadata_url("https://id.example/realms/a/"), "https://id.example/realms/a/.well-known/openid-configuration");
  const std::string issuer = "https://id.example";
  const auto read = parse_metadata(document(issuer, issuer), issuer);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->token_endpoint, "https://id.example/token");
  EXPECT_EQ(read->userinfo_endpoint, "");
  EXPECT_FALSE(read->secret_in_form);
  EXPECT_FALSE(read->names_issuer);
  EXPECT_FALSE(parse_metadata(document(issuer, issuer), issuer + "/"));
  EXPECT_FALSE(parse_metadata(document("https://evil.example", issuer), issuer));
  for (const std::string text : {"", "[]", "{}", R"({"issuer":"https://id.example"})"})
    EXPECT_FALSE(parse_metadata(text, issuer));
}

TEST(Metadata, SaysWhatItCan) {
  const std::string issuer = "https://id.example";
  const auto with = [&](const std::string& more) { return parse_metadata(document(issuer, issuer, more), issuer); };
  EXPECT_TRUE(with(R"(,"authorization_response_iss_parameter_supported":true)")->names_issuer);
  EXPECT_TRUE(with(R"(,"token_endpoint_auth_methods_supported":["client_secret_post"])")->secret_in_form);
  EXPECT_FALSE(with(R"(,"token_endpoint_auth_methods_supported":["client_secret_post","client_secret_basic"])")->secret_in_form);
  EXPECT_EQ(with(R"(,"userinfo_endpoint":"https://id.example/me")")->userinfo_endpoint, "https://id.example/me");
  EXPECT_EQ(with(R"(,"end_session_endpoint":"https://id.example/out")")->end_session_endpoint, "https://id.example/out");
  for (const std::string nowhere : {"javascript:alert(1)", "http://id.example/out", "/out", ""})
    EXPECT_EQ(with(R"(,"end_session_endpoint":")" + nowhere + "\"")->end_session_endpoint, "") << nowhere;
  EXPECT_TRUE(with(R"(,"code_challenge_methods_supported":["plain","S256"])"));
  EXPECT_FALSE(with(R"(,"code_challenge_methods_supported":["plain"])"));
}

// Goal: nothing secret goes where it can be read on the way.
TEST(Metadata, PointsToHttps) {
  EXPECT_FALSE(parse_metadata(document("https://id.example", "http://id.example"), "https://id.example"));
  EXPECT_FALSE(parse_metadata(document("https://id.example", "http://127.0.0.1:1"), "https://id.example"));
  EXPECT_FALSE(parse_metadata(document("https://id.example", "file:///etc"), "https://id.example"));
  EXPECT_FALSE(parse_metadata(document("http://127.0.0.1:9", "http://id.example"), "http://127.0.0.1:9"));
  EXPECT_TRUE(parse_metadata(document("http://127.0.0.1:9", "http://127.0.0.1:9"), "http://127.0.0.1:9"));
  EXPECT_TRUE(parse_metadata(document("https://id.example", "https://other.example:8443"), "https://id.example"));
}

TEST(Encoding, OfAddressesAndForms) {
  EXPECT_EQ(form_encode("a b&c=d/ü~"), "a%20b%26c%3Dd%2F%C3%BC~");
  EXPECT_EQ(base64url_encode(as_byte_span("\xfb\xff")), "-_8");
  EXPECT_EQ(base64url_decode("-_8"), "\xfb\xff");
  for (const std::string wrong : {"-_8=", "+/8", "a", "-_9", "a b"}) EXPECT_FALSE(base64url_decode(wrong)) << wrong;
  const auto url = parse_url("https://id.example:8443/a?b=c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->base, "https://id.example:8443");
  EXPECT_EQ(url->target, "/a?b=c");
  EXPECT_TRUE(url->secure);
  EXPECT_FALSE(url->loopback);
  for (const std::string here : {"http://127.0.0.1:9", "http://localhost/", "http://[::1]:9/x"})
    EXPECT_TRUE(parse_url(here)->loopback);
  for (const std::string there : {"http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://1.2.3.4"})
    EXPECT_FALSE(parse_url(there)->loopback) << there;
  for (const std::string wrong :
       {"", "ftp://a", "https://", "https://u:p@a", "https://a/#b", "https://a b", "https:///x", "https://a\\b"})
    EXPECT_FALSE(parse_url(wrong)) << wrong;
}

TEST(GroupRoles, GiveTheFirstThatFits) {
  const auto roles = GroupRoles::parse(
      "roles:\n- {group: 'Audit: Team', role: auditor}\n- {group: ops, role: operator}\n- {group: eu, role: reader, logs: "
      "[eu]}\n",
      "roles.yaml");
  ASSERT_TRUE(roles) << roles.error().message;
  EXPECT_EQ(roles->of({"ops", "Audit: Team"})->role, "auditor");
  EXPECT_EQ(roles->of({"eu"})->logs, std::vector<std::string>{"eu"});
  EXPECT_EQ(roles->of({"EU", "op", "ops "}), nullptr);
  EXPECT_EQ(roles->of({}), nullptr);
  for (const std::string wrong :
       {"", "roles: []", "roles: x", "groups: []", "roles: [{group: a}]", "roles: [{role: reader}]",
        "roles: [{group: a, role: reader}, {group: a, role: owner}]", "roles: [{group: a, role: reader, log: b}]",
        "roles: [{group: a, role: reader, logs: []}]", "roles: [a]", "roles: ["}) {
    const auto read = GroupRoles::parse(wrong, "roles.yaml");
    ASSERT_FALSE(read) << wrong;
    EXPECT_NE(read.error().message.find("roles.yaml"), std::string::npos);
  }
}

}  // namespace
}  // namespace stele::oidc
