// Keys from a key: HKDF with SHA-256 (RFC 5869), by OpenSSL.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "crypto/aead.h"

namespace stele::crypto {

// Another key for every salt and every purpose ("info"); none of them tells anything of the secret or of another.
AeadKey hkdf_sha256(ByteSpan secret, ByteSpan salt, std::string_view purpose);

}  // namespace stele::crypto
