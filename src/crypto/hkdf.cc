#include "crypto/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace stele::crypto {
namespace {

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// OpenSSL takes what it only reads as not const, and no null.
OSSL_PARAM octets(const char* name, ByteSpan bytes) {
  static constexpr std::byte kNothing{};
  if (bytes.empty()) bytes = ByteSpan(&kNothing, 0);
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(bytes.data()), bytes.size());  // NOLINT
}

}  // namespace

AeadKey hkdf_sha256(ByteSpan secret, ByteSpan salt, std::string_view purpose) {
  static const std::unique_ptr<EVP_KDF, FreeKdf> kKdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kKdf.get()));
  std::string digest = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                               octets(OSSL_KDF_PARAM_KEY, secret), octets(OSSL_KDF_PARAM_SALT, salt),
                               octets(OSSL_KDF_PARAM_INFO, as_byte_span(purpose)), OSSL_PARAM_construct_end()};
  AeadKey out{};
  // It fails only without memory, or without the algorithm.
  if (context == nullptr || EVP_KDF_derive(context.get(), out.data(), out.size(), params) != 1) std::abort();
  return out;
}

}  // namespace stele::crypto
