#include "crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

namespace stele::crypto {

namespace {

template <typename Out>
Out hmac(const EVP_MD* digest, ByteSpan key, ByteSpan message) {
  Out out{};
  unsigned size = 0;
  const auto* made = ::HMAC(digest, key.data(), static_cast<int>(key.size()),
                            reinterpret_cast<const unsigned char*>(message.data()), message.size(), out.data(), &size);
  if (made == nullptr || size != out.size()) std::abort();  // only without memory
  return out;
}

}  // namespace

Hash hmac_sha256(ByteSpan key, ByteSpan message) { return hmac<Hash>(::EVP_sha256(), key, message); }

std::array<std::uint8_t, 20> hmac_sha1(ByteSpan key, ByteSpan message) {
  return hmac<std::array<std::uint8_t, 20>>(::EVP_sha1(), key, message);
}

bool equal_in_constant_time(ByteSpan a, ByteSpan b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace stele::crypto
