#include "crypto/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace stele::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreePublicKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// Drops what a failing OpenSSL call leaves in this thread's error queue, which TLS reads after its own calls.
class ErrorMark {
 public:
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

const unsigned char* octets(ByteSpan bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "stele: OpenSSL failed: %s\n", what);
  std::abort();
}

}  // namespace

void SigningKey::FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

SigningKey::SigningKey(SigningKey&& other) noexcept
    : key_(std::move(other.key_)), seed_(other.seed_), public_key_(other.public_key_) {
  OPENSSL_cleanse(other.seed_.data(), other.seed_.size());
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this != &other) {
    key_ = std::move(other.key_);
    seed_ = other.seed_;
    public_key_ = other.public_key_;
    OPENSSL_cleanse(other.seed_.data(), other.seed_.size());
  }
  return *this;
}

SigningKey::~SigningKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

Result<SigningKey> SigningKey::from_seed(std::span<const std::uint8_t, 32> seed) {
  const ErrorMark mark;
  SigningKey key;
  key.key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  std::size_t size = key.public_key_.size();
  if (!key.key_ || EVP_PKEY_get_raw_public_key(key.key_.get(), key.public_key_.data(), &size) != 1 ||
      size != key.public_key_.size()) {
    return Error{Code::kInternal, "OpenSSL cannot build an Ed25519 key"};
  }
  std::ranges::copy(seed, key.seed_.begin());
  return key;
}

SigningKey SigningKey::generate(Random& random) {
  std::array<std::uint8_t, 32> seed;
  random.fill(seed);
  Result<SigningKey> key = from_seed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  if (!key.ok()) die("Ed25519 key");
  return std::move(key).value();
}

Signature SigningKey::sign(ByteSpan message) const {
  const ErrorMark mark;
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Signature signature;
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, octets(message), message.size()) != 1 || size != signature.size()) {
    die("Ed25519 signature");
  }
  return signature;
}

bool verify_ed25519(const PublicKey& key, ByteSpan message, std::span<const std::uint8_t, 64> signature) {
  const ErrorMark mark;
  const std::unique_ptr<EVP_PKEY, FreePublicKey> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  return pkey && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), octets(message), message.size()) == 1;
}

}  // namespace stele::crypto
