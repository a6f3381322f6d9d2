#include "oidc/keys.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "event/json_value.h"
#include "oidc/encoding.h"

namespace stele::oidc {
namespace {

using event::JsonType;
using event::JsonValue;

constexpr std::size_t kKeysMax = 64;
constexpr std::size_t kRsaBitsMin = 2'048;

struct Algorithm {
  std::string_view name;
  cjose_jwk_kty_t kind;
  cjose_jwk_ec_curve curve;     // where it is of an elliptic curve
  std::size_t signature_bytes;  // then; of RSA as long as the key
};
constexpr std::array<Algorithm, 9> kAlgorithms{{
    {"RS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
    {"RS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
    {"RS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
    {"PS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
    {"PS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
    {"PS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
    {"ES256", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_256, 64},
    {"ES384", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_384, 96},
    {"ES512", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_521, 132},
}};

struct Release {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};

bool parse(std::string_view json, event::JsonTape& tape, std::size_t bytes_max) {
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = bytes_max;
  limits.depth_max = 16;
  return tape.parse(json, limits, error) && JsonValue(tape).is(JsonType::kObject);
}

struct Header {
  const Algorithm* algorithm = nullptr;
  std::optional<std::string> kid;
};

// RFC 7515 section 4.1. Read by our own strict reader, so that there are no two ways to read it.
Result<Header> read_header(std::string_view segment) {
  event::JsonTape tape;
  const auto json = base64url_decode(segment);
  if (!json || !parse(*json, tape, kTokenBytesMax)) return unauthenticated("the ID token has no head that can be read");
  const JsonValue root(tape);
  Header out;
  const std::string name = root["alg"].text();
  const auto* const found = std::ranges::find(kAlgorithms, std::string_view(name), &Algorithm::name);
  if (found == kAlgorithms.end())
    return unauthenticated("the ID token is signed with \"" + name + "\", which is not taken here; RS, PS and ES are");
  out.algorithm = found;
  if (root["crit"]) return unauthenticated("the ID token asks for what is not known here (crit)");
  if (root["kid"]) out.kid = root["kid"].text();
  return out;
}

}  // namespace

struct Keys::Key {
  std::unique_ptr<cjose_jwk_t, Release> jwk;
  std::string kid;
  std::string algorithm;  // empty: any of its kind

  [[nodiscard]] bool fits(const Algorithm& wanted) const {
    if (cjose_jwk_get_kty(jwk.get(), nullptr) != wanted.kind || (!algorithm.empty() && algorithm != wanted.name)) return false;
    return wanted.kind == CJOSE_JWK_KTY_RSA || cjose_jwk_EC_get_curve(jwk.get(), nullptr) == wanted.curve;
  }
  [[nodiscard]] std::size_t signature_bytes(const Algorithm& wanted) const {
    constexpr std::size_t kBits = 8;
    return wanted.kind == CJOSE_JWK_KTY_RSA ? (cjose_jwk_get_keysize(jwk.get(), nullptr) + kBits - 1) / kBits
                                            : wanted.signature_bytes;
  }
};

Keys::Keys() = default;
Keys::Keys(Keys&&) noexcept = default;
Keys& Keys::operator=(Keys&&) noexcept = default;
Keys::~Keys() = default;

Result<Keys> Keys::parse(std::string_view json) {
  event::JsonTape tape;
  if (!oidc::parse(json, tape, kKeysBytesMax) || !JsonValue(tape)["keys"].is(JsonType::kArray))
    return invalid("what the provider has as its keys is no key set");
  Keys out;
  std::size_t seen = 0;
  JsonValue(tape)["keys"].for_each([&](JsonValue one) {
    if (++seen > kKeysMax) return;
    const std::string kind = one["kty"].text();
    if ((kind != "RSA" && kind != "EC") || (one["use"] && one["use"].text() != "sig")) return;
    auto key = std::make_unique<Key>();
    key->jwk.reset(cjose_jwk_import(one.raw().data(), one.raw().size(), nullptr));
    if (!key->jwk || (kind == "RSA" && cjose_jwk_get_keysize(key->jwk.get(), nullptr) < kRsaBitsMin)) return;
    key->kid = one["kid"].text();
    key->algorithm = one["alg"].text();
    out.keys_.push_back(std::move(key));
  });
  if (seen > kKeysMax) return invalid("the provider has more than 64 keys");
  return out;
}

Result<Signed> Keys::verify(std::string_view token) const {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first == std::string_view::npos ? first : first + 1);
  if (token.size() > kTokenBytesMax || second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return unauthenticated("the ID token is not of three parts, or longer than 64 KiB");
  STELE_ASSIGN(const Header header, read_header(token.substr(0, first)));
  const auto signature = base64url_decode(token.substr(second + 1));
  if (!signature || !base64url_decode(token.substr(first + 1, second - first - 1)))
    return unauthenticated("the ID token is no base64url");
  const std::unique_ptr<cjose_jws_t, Release> jws(cjose_jws_import(token.data(), token.size(), nullptr));
  if (!jws) return unauthenticated("the ID token cannot be read");
  bool is_known = false;
  for (const auto& key : keys_) {
    if (!key->fits(*header.algorithm) || (header.kid && key->kid != *header.kid)) continue;
    is_known = true;
    // Of a curve it is cut in half, however long it is, by the library.
    if (signature->size() != key->signature_bytes(*header.algorithm)) continue;
    if (!cjose_jws_verify(jws.get(), key->jwk.get(), nullptr)) continue;
    std::uint8_t* payload = nullptr;  // stays the token's
    std::size_t size = 0;
    if (!cjose_jws_get_plaintext(jws.get(), &payload, &size, nullptr)) break;
    return Signed{std::string(header.algorithm->name), std::string(reinterpret_cast<const char*>(payload), size)};
  }
  if (is_known && header.kid) return unauthenticated("the signature of the ID token is wrong");
  return Error{Code::kNotFound, "no key of the provider made the signature of the ID token"};
}

}  // namespace stele::oidc
