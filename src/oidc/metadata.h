// What a provider says of itself (OpenID Connect Discovery 1.0 section 3; RFC 8414). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::oidc {

inline constexpr std::size_t kMetadataBytesMax = 256U << 10;

struct Metadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  std::string userinfo_endpoint;     // empty: there is none
  std::string end_session_endpoint;  // of RP-Initiated Logout 1.0; empty: there is none, or none to which a browser may be sent
  bool secret_in_form = false;       // it takes a client's secret in the body alone
  bool names_issuer = false;         // in what it sends browsers back with (RFC 9207)
};

// Where the document lies: "https://id.example.com/realms/a/.well-known/openid-configuration".
std::string metadata_url(std::string_view issuer);

// kInvalid says what it lacks. It must name this very issuer (section 4.3) and S256 among its ways of PKCE, if it names any, and
// what it points to is https; http where the issuer is http on this machine.
Result<Metadata> parse_metadata(std::string_view json, const std::string& issuer);

}  // namespace stele::oidc
