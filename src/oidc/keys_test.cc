// Signatures of tokens: what a provider signs is taken, and nothing that only looks like it.
#include "oidc/keys.h"

#include <gtest/gtest.h>

#include "support/oidc_tokens.h"

namespace stele::oidc {
namespace {

using testing::key_set;
using testing::TokenKey;
using testing::unsigned_token;

const std::string kPayload = R"({"sub":"u1"})";

class KeysTest : public ::testing::Test {
 protected:
  static const TokenKey& rsa() {
    static const TokenKey key = TokenKey::rsa("r");
    return key;
  }
  static const TokenKey& p256() {
    static const TokenKey key = TokenKey::curve("e");
    return key;
  }
  static Code refusal(const Keys& keys, const std::string& token) {
    const auto read = keys.verify(token);
    return read ? Code::kInternal : read.error().code;
  }
};

TEST_F(KeysTest, TakesEachAlgorithmThatAProviderSignsWith) {
  const TokenKey p384 = TokenKey::curve("e3", CJOSE_JWK_EC_P_384);
  const TokenKey p521 = TokenKey::curve("e5", CJOSE_JWK_EC_P_521);
  const auto keys = Keys::parse(key_set({rsa().jwk(R"(,"use":"sig")"), p256().jwk(), p384.jwk(), p521.jwk()}));
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_EQ(keys->size(), 4U);
  for (const auto& [key, algorithm, kid] : {std::tuple{rsa(), "RS256", "r"},
                                            {rsa(), "RS384", "r"},
                                            {rsa(), "RS512", "r"},
                                            {rsa(), "PS256", "r"},
                                            {rsa(), "PS384", "r"},
                                            {rsa(), "PS512", "r"},
                                            {p256(), "ES256", "e"},
                                            {p384, "ES384", "e3"},
                                            {p521, "ES512", "e5"}}) {
    for (const std::string named : {kid, ""}) {
      const auto read = keys->verify(key.sign(algorithm, kPayload, named));
      ASSERT_TRUE(read) << algorithm << ": " << read.error().message;
      EXPECT_EQ(read->payload, kPayload);
      EXPECT_EQ(read->algorithm, algorithm);
    }
  }
}

// Goal: whatever the head says, a signature is one of the provider's keys with an algorithm of that key, or none.
TEST_F(KeysTest, TakesNothingThatTheProviderDidNotSign) {
  const std::string jwk = rsa().jwk();
  const auto keys = Keys::parse(key_set({jwk, p256().jwk()}));
  ASSERT_TRUE(keys);
  for (const std::string head : {R"({"alg":"none"})", R"({"alg":"None","kid":"r"})", R"({"alg":""})", R"({})", R"({"alg":1})",
                                 "[]", "x", R"({"alg":"RS256","alg":"none"})"}) {
    EXPECT_EQ(refusal(*keys, unsigned_token(head, kPayload)), Code::kUnauthenticated) << head;
    EXPECT_EQ(refusal(*keys, unsigned_token(head, kPayload, "signature")), Code::kUnauthenticated) << head;
  }
  // The public key, which everybody has, as a shared secret.
  for (const std::string algorithm : {"HS256", "HS384", "HS512"}) {
    EXPECT_EQ(refusal(*keys, TokenKey::shared(jwk).sign(algorithm, kPayload, "r")), Code::kUnauthenticated);
    const auto with_oct = Keys::parse(key_set({R"({"kty":"oct","kid":"r","k":"c2VjcmV0c2VjcmV0c2VjcmV0"})"}));
    ASSERT_TRUE(with_oct);
    EXPECT_EQ(with_oct->size(), 0U);
    EXPECT_EQ(refusal(*with_oct, TokenKey::shared("secretsecretsecret").sign(algorithm, kPayload, "r")), Code::kUnauthenticated);
  }
  EXPECT_EQ(refusal(*keys, TokenKey::rsa("r").sign("RS256", kPayload, "r")), Code::kUnauthenticated)
      << "another key of that name";
  EXPECT_EQ(refusal(*keys, TokenKey::curve("e").sign("ES256", kPayload, "e")), Code::kUnauthenticated);
  EXPECT_EQ(refusal(*keys, TokenKey::rsa("x").sign("RS256", kPayload, "x")), Code::kNotFound) << "a key that is not known yet";
  EXPECT_EQ(refusal(*keys, TokenKey::rsa("").sign("RS256", kPayload)), Code::kNotFound);
  EXPECT_EQ(refusal(*keys, rsa().sign("RS256", kPayload, "e")), Code::kNotFound) << "that name is of a key of another kind";
  EXPECT_EQ(refusal(*keys, rsa().sign("RS256", kPayload, "r", R"(["exp"])")), Code::kUnauthenticated);
  const TokenKey p384 = TokenKey::curve("e3", CJOSE_JWK_EC_P_384);
  const auto other = Keys::parse(key_set({p384.jwk()}));
  ASSERT_TRUE(other);
  EXPECT_EQ(refusal(*other, p384.sign("ES256", kPayload, "e3")), Code::kNotFound) << "an algorithm of another curve";
  EXPECT_EQ(refusal(Keys(), rsa().sign("RS256", kPayload, "r")), Code::kNotFound);
}

TEST_F(KeysTest, TakesNothingThatWasAltered) {
  const auto keys = Keys::parse(key_set({rsa().jwk(), p256().jwk()}));
  ASSERT_TRUE(keys);
  for (const std::string& token :
       {rsa().sign("RS256", kPayload, "r"), rsa().sign("PS256", kPayload, "r"), p256().sign("ES256", kPayload, "e")}) {
    ASSERT_TRUE(keys->verify(token));
    const std::size_t payload_at = token.find('.') + 1;
    const std::size_t signature_at = token.rfind('.') + 1;
    const std::string other = base64url_encode(as_byte_span(R"({"sub":"u2"})"));
    EXPECT_FALSE(keys->verify(token.substr(0, payload_at) + other + token.substr(signature_at - 1)));
    for (std::size_t at = 0; at < token.size(); at += 7) {
      std::string altered = token;
      altered[at] = altered[at] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(keys->verify(altered)) << at;
    }
    for (const std::size_t cut : {std::size_t{0}, payload_at, signature_at, token.size() - 1, token.size() - 43})
      EXPECT_FALSE(keys->verify(token.substr(0, cut))) << cut;
    for (const std::string& more :
         {std::string("A"), std::string("AAAA"), std::string("="), std::string(".x"), std::string(1, '\0')})
      EXPECT_FALSE(keys->verify(token + more));
    EXPECT_FALSE(keys->verify(token.substr(0, signature_at) + std::string(86, 'A')));
  }
  EXPECT_FALSE(keys->verify(std::string(kTokenBytesMax + 1, 'a')));
}

// Goal: a key is for what it says it is for, and long enough.
TEST_F(KeysTest, PassesOverKeysThatAreOfNoUse) {
  const std::string small = TokenKey::rsa("small", 1'024).jwk();
  const auto keys =
      Keys::parse(key_set({rsa().jwk(R"(,"use":"enc")"), small, R"({"kty":"OKP","crv":"Ed25519","x":"AA"})", R"({"kty":"RSA"})",
                           R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})", "1", p256().jwk(R"(,"alg":"ES256")")}));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->size(), 1U);
  const auto narrow = Keys::parse(key_set({rsa().jwk(R"(,"alg":"PS256")")}));
  ASSERT_TRUE(narrow);
  EXPECT_TRUE(narrow->verify(rsa().sign("PS256", kPayload, "r")));
  EXPECT_EQ(refusal(*narrow, rsa().sign("RS256", kPayload, "r")), Code::kNotFound);
}

TEST_F(KeysTest, HasLimits) {
  EXPECT_FALSE(Keys::parse(""));
  EXPECT_FALSE(Keys::parse("[]"));
  EXPECT_FALSE(Keys::parse("{}"));
  EXPECT_FALSE(Keys::parse(R"({"keys":{}})"));
  EXPECT_TRUE(Keys::parse(R"({"keys":[]})"));
  std::string many = R"({"keys":[1)";
  for (int i = 0; i < 64; ++i) many += ",1";
  EXPECT_FALSE(Keys::parse(many + "]}"));
  EXPECT_FALSE(Keys::parse(R"({"keys":[],"x":")" + std::string(kKeysBytesMax, 'x') + "\"}"));
}

}  // namespace
}  // namespace stele::oidc
