// HMAC-SHA-256 (RFC 2104).
#pragma once

#include "base/bytes.h"

namespace stele::crypto {

Hash hmac_sha256(ByteSpan key, ByteSpan message);

// Whether they are equal, in a time that does not tell where they differ.
bool equal_in_constant_time(ByteSpan a, ByteSpan b);

}  // namespace stele::crypto
