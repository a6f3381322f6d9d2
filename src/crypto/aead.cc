#include "crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace stele::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes_of(ByteSpan span) { return reinterpret_cast<const unsigned char*>(span.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// The library fails at these only when memory ran out.
void require(bool done) {
  if (!done) std::abort();
}

}  // namespace

std::string aead_seal(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan plain) {
  const Context context(EVP_CIPHER_CTX_new());
  require(context != nullptr);
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) == 1);
  int size = 0;
  require(EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(associated), static_cast<int>(associated.size())) == 1);
  std::string out(plain.size() + kAeadTagBytes, '\0');
  require(EVP_EncryptUpdate(context.get(), bytes_of(out), &size, bytes_of(plain), static_cast<int>(plain.size())) == 1);
  require(EVP_EncryptFinal_ex(context.get(), bytes_of(out) + size, &size) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kAeadTagBytes, bytes_of(out) + plain.size()) == 1);
  return out;
}

Result<std::string> aead_open(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan sealed) {
  if (sealed.size() < kAeadTagBytes) return corrupt("too short for a sealed value");
  const std::size_t plain_bytes = sealed.size() - kAeadTagBytes;
  const Context context(EVP_CIPHER_CTX_new());
  require(context != nullptr);
  require(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) == 1);
  int size = 0;
  require(EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(associated), static_cast<int>(associated.size())) == 1);
  std::string out(plain_bytes, '\0');
  require(EVP_DecryptUpdate(context.get(), bytes_of(out), &size, bytes_of(sealed), static_cast<int>(plain_bytes)) == 1);
  std::array<unsigned char, kAeadTagBytes> tag{};
  std::copy_n(bytes_of(sealed) + plain_bytes, kAeadTagBytes, tag.begin());
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kAeadTagBytes, tag.data()) == 1);
  if (EVP_DecryptFinal_ex(context.get(), bytes_of(out) + plain_bytes, &size) != 1)
    return corrupt("a sealed value does not open: its key is another, or its bytes are");
  return out;
}

}  // namespace stele::crypto
