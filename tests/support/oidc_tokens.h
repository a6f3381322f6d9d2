// Keys and tokens as a provider makes them, by libcjose; and as none should.
#pragma once

#include <cjose/cjose.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "oidc/encoding.h"

namespace stele::testing {

class TokenKey {
 public:
  static TokenKey rsa(const std::string& kid, std::size_t bits = 2'048) {
    const std::uint8_t exponent[] = {1, 0, 1};
    return TokenKey(cjose_jwk_create_RSA_random(bits, exponent, sizeof exponent, nullptr), kid);
  }
  static TokenKey curve(const std::string& kid, cjose_jwk_ec_curve curve = CJOSE_JWK_EC_P_256) {
    return TokenKey(cjose_jwk_create_EC_random(curve, nullptr), kid);
  }
  static TokenKey shared(const std::string& secret) {
    return TokenKey(cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size(), nullptr), "");
  }

  // Its public half as a JWK; `more` as in `,"use":"sig"`.
  [[nodiscard]] std::string jwk(const std::string& more = {}) const {
    const std::unique_ptr<char, decltype(&std::free)> text(cjose_jwk_to_json(key_.get(), false, nullptr), &std::free);
    std::string out(text.get());
    out.pop_back();
    return out + more + "}";
  }
  // A token with this payload. Without a kid it names none.
  [[nodiscard]] std::string sign(const std::string& algorithm, const std::string& payload, const std::string& kid = {},
                                 const std::string& crit = {}) const {
    cjose_header_t* header = cjose_header_new(nullptr);
    cjose_header_set(header, CJOSE_HDR_ALG, algorithm.c_str(), nullptr);
    if (!kid.empty()) cjose_header_set(header, CJOSE_HDR_KID, kid.c_str(), nullptr);
    if (!crit.empty()) cjose_header_set_raw(header, "crit", crit.c_str(), nullptr);
    cjose_jws_t* jws =
        cjose_jws_sign(key_.get(), header, reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(), nullptr);
    if (jws == nullptr) throw std::runtime_error("cannot sign with " + algorithm);
    const char* text = nullptr;
    cjose_jws_export(jws, &text, nullptr);
    std::string out(text);
    cjose_jws_release(jws);
    cjose_header_release(header);
    return out;
  }

 private:
  TokenKey(cjose_jwk_t* key, const std::string& kid) : key_(key, [](cjose_jwk_t* one) { cjose_jwk_release(one); }) {
    if (key == nullptr) throw std::runtime_error("no key");
    if (!kid.empty()) cjose_jwk_set_kid(key, kid.c_str(), kid.size(), nullptr);
  }
  std::shared_ptr<cjose_jwk_t> key_;  // shared by copies
};

inline std::string key_set(std::initializer_list<std::string> keys) {
  std::string out = R"({"keys":[)";
  for (const std::string& key : keys) out += (out.back() == '[' ? "" : ",") + key;
  return out + "]}";
}

// Not signed at all, with the head that is said.
inline std::string unsigned_token(std::string_view head, std::string_view payload, std::string_view signature = {}) {
  return oidc::base64url_encode(as_byte_span(head)) + "." + oidc::base64url_encode(as_byte_span(payload)) + "." +
         oidc::base64url_encode(as_byte_span(signature));
}

}  // namespace stele::testing
