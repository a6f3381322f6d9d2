#include "crypto/sha2.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

namespace stele::crypto {

std::string sha2(Sha2 kind, ByteSpan message) {
  const EVP_MD* digest = kind == Sha2::k512 ? EVP_sha512() : kind == Sha2::k384 ? EVP_sha384() : EVP_sha256();
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  if (EVP_Digest(message.data(), message.size(), bytes.data(), &size, digest, nullptr) != 1) std::abort();
  return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

}  // namespace stele::crypto
