// Ed25519 signatures (RFC 8032, the "pure" variant: no context, no prehash), on OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace stele::crypto {

// A public key as RFC 8032 section 5.1.5 encodes it, and a signature as section 5.1.6 does.
using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// A private key. Moveable, not copyable; a moved-from key may only be destroyed or assigned to.
// Const members may be called from several threads at once. The seed is wiped from memory when the key ends
// or is moved from.
class SigningKey {
 public:
  // The key whose 32-byte secret (RFC 8032 section 5.1.5, "private key") is `seed`: always the same public key and,
  // for one message, always the same signature. kInternal if OpenSSL cannot build it.
  static Result<SigningKey> from_seed(std::span<const std::uint8_t, 32> seed);

  // A new key from 32 bytes of `random`. Aborts if OpenSSL cannot build it.
  static SigningKey generate(Random& random);

  SigningKey(SigningKey&& other) noexcept;
  SigningKey& operator=(SigningKey&& other) noexcept;
  ~SigningKey();

  // About 40 µs. Aborts if OpenSSL fails (out of memory): it has no other cause.
  [[nodiscard]] Signature sign(ByteSpan message) const;

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }

  // A copy of the secret, for storing. The caller wipes it.
  [[nodiscard]] std::array<std::uint8_t, 32> seed() const { return seed_; }

 private:
  struct FreeKey {
    void operator()(evp_pkey_st* key) const;
  };
  SigningKey() = default;

  std::unique_ptr<evp_pkey_st, FreeKey> key_;
  std::array<std::uint8_t, 32> seed_{};
  PublicKey public_key_{};
};

// Whether `signature` is valid for `message` under `key` (RFC 8032 section 5.1.7, without the cofactor; S >= L is
// refused). False also for a key that is no point of the curve. Thread-safe; leaves OpenSSL's error queue as it was.
[[nodiscard]] bool verify_ed25519(const PublicKey& key, ByteSpan message, std::span<const std::uint8_t, 64> signature);

}  // namespace stele::crypto
