#include "crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace stele::crypto {
namespace {

const unsigned char* bytes_of(ByteSpan span) { return reinterpret_cast<const unsigned char*>(span.data()); }
unsigned char* bytes_of(std::span<std::byte> span) { return reinterpret_cast<unsigned char*>(span.data()); }

// The library fails at these only when memory ran out.
void require(bool done) {
  if (!done) std::abort();
}

}  // namespace

void AeadCipher::FreeContext::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

AeadCipher::AeadCipher(const AeadKey& key) : first_(EVP_CIPHER_CTX_new()) {
  require(first_ != nullptr);
  require(EVP_CipherInit_ex(first_.get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr, static_cast<int>(Direction::kSeal)) ==
          1);
}

AeadCipher::~AeadCipher() = default;

AeadCipher::Context AeadCipher::begin(Direction direction, const AeadNonce& nonce, ByteSpan associated) const {
  Context context;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      context = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (context == nullptr) {
    context.reset(EVP_CIPHER_CTX_new());
    require(context != nullptr && EVP_CIPHER_CTX_copy(context.get(), first_.get()) == 1);
  }
  require(EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, nonce.data(), static_cast<int>(direction)) == 1);
  int size = 0;
  if (!associated.empty())
    require(EVP_CipherUpdate(context.get(), nullptr, &size, bytes_of(associated), static_cast<int>(associated.size())) == 1);
  return context;
}

void AeadCipher::end(Context context) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(context));
}

void AeadCipher::seal(const AeadNonce& nonce, ByteSpan associated, std::span<const ByteSpan> plain,
                      std::span<std::byte> out) const {
  Context context = begin(Direction::kSeal, nonce, associated);
  int size = 0;
  for (const ByteSpan part : plain) {
    require(EVP_CipherUpdate(context.get(), bytes_of(out), &size, bytes_of(part), static_cast<int>(part.size())) == 1);
    out = out.subspan(part.size());
  }
  require(out.size() == kAeadTagBytes);
  require(EVP_CipherFinal_ex(context.get(), bytes_of(out), &size) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, out.data()) == 1);
  end(std::move(context));
}

Status AeadCipher::open(const AeadNonce& nonce, ByteSpan associated, ByteSpan sealed, std::span<std::byte> out) const {
  if (sealed.size() != out.size() + kAeadTagBytes) return corrupt("it is too short to be encrypted");
  Context context = begin(Direction::kOpen, nonce, associated);
  int size = 0;
  if (!out.empty())
    require(EVP_CipherUpdate(context.get(), bytes_of(out), &size, bytes_of(sealed), static_cast<int>(out.size())) == 1);
  std::array<std::byte, kAeadTagBytes> tag{};
  std::copy_n(sealed.end() - kAeadTagBytes, kAeadTagBytes, tag.begin());
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1);
  std::array<unsigned char, kAeadTagBytes> nothing{};
  const bool opened = EVP_CipherFinal_ex(context.get(), nothing.data(), &size) == 1;
  end(std::move(context));
  if (!opened) return corrupt("what was encrypted does not open: its key is another, or its bytes are");
  return {};
}

std::string aead_seal(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan plain) {
  std::string out(plain.size() + kAeadTagBytes, '\0');
  AeadCipher(key).seal(nonce, associated, {&plain, 1}, std::as_writable_bytes(std::span(out)));
  return out;
}

Result<std::string> aead_open(const AeadKey& key, const AeadNonce& nonce, ByteSpan associated, ByteSpan sealed) {
  if (sealed.size() < kAeadTagBytes) return corrupt("it is too short to be encrypted");
  std::string out(sealed.size() - kAeadTagBytes, '\0');
  STELE_TRY(AeadCipher(key).open(nonce, associated, sealed, std::as_writable_bytes(std::span(out))));
  return out;
}

}  // namespace stele::crypto
