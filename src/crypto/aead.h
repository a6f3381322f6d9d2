// Authenticated encryption: AES-256 in Galois/Counter Mode (NIST SP 800-38D), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX

namespace stele::crypto {

using AeadKey = std::array<std::uint8_t, 32>;
using AeadNonce = std::array<std::uint8_t, 12>;
inline constexpr std::size_t kAeadTagBytes = 16;

// A key made ready once, for what is sealed and opened often. Thread-safe.
class AeadCipher {
 public:
  explicit AeadCipher(const AeadKey& key);
  ~AeadCipher();
  AeadCipher(const AeadCipher&) = delete;
  AeadCipher& operator=(const AeadCipher&) = delete;

  // Puts the ciphertext of all parts, one behind the other, and its tag to `out`, which has just room for them. A nonce must
  // never serve twice under one key; random ones may serve 2^32 times. `associated` is authenticated and not encrypted.
  void seal(const AeadNonce& nonce, ByteSpan associated, std::span<const ByteSpan> plain, std::span<std::byte> out) const;

  // `out` has just room for what was sealed, and means nothing after an error: kCorrupt when the key is another, or any bit of
  // what was sealed or is associated with it.
  [[nodiscard]] Status open(const AeadNonce& nonce, ByteSpan associated, ByteSpan sealed, std::span<std::byte> out) const;

 private:
  struct FreeContext {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_cipher_ctx_st, FreeContext>;
  enum class Direction : int { kOpen = 0, kSeal = 1 };
  // One that nobody else has, for this nonce and what is associated.
  [[nodiscard]] Context begin(Direction direction, const AeadNonce& nonce, ByteSpan associated) const;
  void end(Context context) const;

  Context first_;  // which the others are copies of
  mutable std::mutex mutex_;
  mutable std::vector<Context> idle_;
};

// Ciphertext and tag, under a key that serves once.
std::string aead_seal(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan plain);
Result<std::string> aead_open(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan sealed);

}  // namespace stele::crypto
