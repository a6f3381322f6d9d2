// Authenticated encryption: AES-256 in Galois/Counter Mode (NIST SP 800-38D), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace stele::crypto {

using AeadKey = std::array<std::uint8_t, 32>;
using AeadNonce = std::array<std::uint8_t, 12>;
inline constexpr std::size_t kAeadTagBytes = 16;

// Ciphertext and tag. A nonce must never serve twice under one key; random ones may serve 2^32 times. `associated` is
// authenticated and not encrypted.
std::string aead_seal(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan plain);

// kCorrupt when the key is another, or any bit of what was sealed or is associated with it.
Result<std::string> aead_open(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan sealed);

}  // namespace stele::crypto
