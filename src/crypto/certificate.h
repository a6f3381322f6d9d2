// A certificate that a server makes for itself (X.509, RFC 5280), by OpenSSL.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace stele::crypto {

struct SelfSigned {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS #8, not encrypted
};

// For servers alone: a new key on P-256, signed by itself, valid from a day before `now` for ten years, for `names`, the first of
// which is its subject: DNS names, and addresses where they are some. kInvalid names one that is neither.
Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, UnixNanos now);

}  // namespace stele::crypto
