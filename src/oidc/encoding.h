// How OAuth writes what it sends: base64url, forms, URLs. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace stele::oidc {

// RFC 4648 section 5, without padding (RFC 7515 section 2).
std::string base64url_encode(ByteSpan bytes);
// Strict: no padding, nothing but the alphabet, zero trailing bits; else nothing.
std::optional<std::string> base64url_decode(std::string_view text);

// One name or value of application/x-www-form-urlencoded (RFC 6749 appendix B); it does for a query too.
std::string form_encode(std::string_view text);

struct Url {
  bool secure = false;    // https
  bool loopback = false;  // its host is this machine
  std::string base;       // "https://id.example.com:8443"
  std::string target;     // "/realms/a?b=c"; begins with '/'
};
// kInvalid, without the text: it is no http or https URL, or has a user, a fragment, white space or more than 2,000 bytes.
Result<Url> parse_url(std::string_view text);

}  // namespace stele::oidc
