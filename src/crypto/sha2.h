// The other hashes of SHA-2 (FIPS 180-4), where a protocol of others asks for one. What is kept here is SHA-256.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace stele::crypto {

enum class Sha2 : std::uint8_t { k256, k384, k512 };

// 32, 48 or 64 bytes. Aborts if OpenSSL cannot provide it.
std::string sha2(Sha2 kind, ByteSpan message);

}  // namespace stele::crypto
