// The key that is kept elsewhere and opens a log's keyring (docs/formats/keyring.md).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/aead.h"

namespace stele::keyring {

// A key's name: the first bytes of the SHA-256 of it, which tell nothing of a key of random bits.
using KeyId = std::array<std::uint8_t, 8>;
KeyId id_of(const crypto::AeadKey& key);
// In hexadecimal, as keyrings and messages have it.
std::string id_text(const KeyId& id);

struct MasterKey {
  crypto::AeadKey key{};
  [[nodiscard]] KeyId id() const { return id_of(key); }
};

// The first is the one that counts; the others open what was closed under them before.
using MasterKeys = std::vector<MasterKey>;

inline constexpr std::size_t kMasterKeysMax = 16;

// One key a line: 32 bytes in base64, as `openssl rand -base64 32` prints, or in hexadecimal. kInvalid names the line and never
// what stands there.
Result<MasterKeys> parse_master_keys(std::string_view text);

// Such a line, without its end.
std::string master_key_text(const MasterKey& key);

}  // namespace stele::keyring
