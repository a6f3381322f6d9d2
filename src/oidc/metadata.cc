#include "oidc/metadata.h"

#include "event/json_value.h"
#include "oidc/encoding.h"

namespace stele::oidc {
namespace {

using event::JsonType;
using event::JsonValue;

bool has(JsonValue list, std::string_view text) {
  bool found = false;
  list.for_each([&](JsonValue one) { found = found || one.text() == text; });
  return found;
}

Result<std::string> endpoint(JsonValue root, std::string_view name, const Url& issuer) {
  std::string text = root[name].text();
  if (text.empty()) return invalid("the provider's metadata has no " + std::string(name));
  const auto url = parse_url(text);
  if (!url) return invalid("the provider's " + std::string(name) + " is no URL");
  if (!url->secure && !(url->loopback && issuer.loopback && !issuer.secure))
    return invalid("the provider's " + std::string(name) + " is not https");
  return text;
}

}  // namespace

std::string metadata_url(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/openid-configuration";
}

Result<Metadata> parse_metadata(std::string_view json, const std::string& issuer) {
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kMetadataBytesMax;
  if (!tape.parse(json, limits, error)) return invalid("the provider's metadata is no JSON: " + error.message);
  const JsonValue root(tape);
  if (!root.is(JsonType::kObject)) return invalid("the provider's metadata is no JSON object");
  if (root["issuer"].text() != issuer)
    return invalid("the provider calls itself \"" + root["issuer"].text() + "\", not \"" + issuer + "\"");
  STELE_ASSIGN(const Url own, parse_url(issuer));
  Metadata out;
  STELE_ASSIGN(out.authorization_endpoint, endpoint(root, "authorization_endpoint", own));
  STELE_ASSIGN(out.token_endpoint, endpoint(root, "token_endpoint", own));
  STELE_ASSIGN(out.jwks_uri, endpoint(root, "jwks_uri", own));
  if (root["userinfo_endpoint"]) {
    STELE_ASSIGN(out.userinfo_endpoint, endpoint(root, "userinfo_endpoint", own));
  }
  if (auto logout = endpoint(root, "end_session_endpoint", own)) out.end_session_endpoint = std::move(*logout);
  if (const JsonValue methods = root["code_challenge_methods_supported"]; methods && !has(methods, "S256"))
    return invalid("the provider does not take PKCE with S256");
  if (const JsonValue ways = root["token_endpoint_auth_methods_supported"]; ways)
    out.secret_in_form = !has(ways, "client_secret_basic") && has(ways, "client_secret_post");
  out.names_issuer = root["authorization_response_iss_parameter_supported"].is(JsonType::kTrue);
  return out;
}

}  // namespace stele::oidc
