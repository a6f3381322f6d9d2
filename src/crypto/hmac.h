// HMAC (RFC 2104), and comparisons that tell nothing.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace stele::crypto {

Hash hmac_sha256(ByteSpan key, ByteSpan message);

// For codes of telephones alone (RFC 4226).
std::array<std::uint8_t, 20> hmac_sha1(ByteSpan key, ByteSpan message);

// Whether they are equal, in a time that does not tell where they differ.
bool equal_in_constant_time(ByteSpan a, ByteSpan b);

}  // namespace stele::crypto
