#include "keyring/encrypted_file.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace stele::keyring {
namespace {

constexpr std::string_view kMagic = "STELEENC";
constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kAes256Gcm = 1;
constexpr std::string_view kPurpose = "stele file 1";

constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kAlgorithmAt = 10;
constexpr std::size_t kPageBytesAt = 12;
constexpr std::size_t kDataKeyAt = 16;
constexpr std::size_t kSaltAt = 24;
constexpr std::size_t kChecksumAt = kPageBytes - 8;
static_assert(kSaltAt + sizeof(EncryptedHeader::salt) <= kChecksumAt);

std::uint64_t checksum(const void* header) { return XXH3_64bits(header, kChecksumAt); }

crypto::AeadNonce nonce_of(std::uint64_t page, bool is_last) {
  crypto::AeadNonce out{};
  store_le(out.data(), page);
  out[sizeof page] = is_last ? 1 : 0;
  return out;
}

}  // namespace

std::string encode_encrypted_header(const EncryptedHeader& header) {
  std::string out(kPageBytes, '\0');
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  store_le(out.data() + kVersionAt, kVersion);
  store_le(out.data() + kAlgorithmAt, kAes256Gcm);
  store_le(out.data() + kPageBytesAt, static_cast<std::uint32_t>(kPageBytes));
  std::memcpy(out.data() + kDataKeyAt, header.data_key.data(), header.data_key.size());
  std::memcpy(out.data() + kSaltAt, header.salt.data(), header.salt.size());
  store_le(out.data() + kChecksumAt, checksum(out.data()));
  return out;
}

Result<std::optional<EncryptedHeader>> decode_encrypted_header(ByteSpan bytes) {
  const std::string_view text = as_text(bytes);
  if (!text.starts_with(kMagic)) return std::optional<EncryptedHeader>();
  if (text.size() < kPageBytes) return corrupt("the header of an encrypted file is cut off");
  if (load_le<std::uint64_t>(text.data() + kChecksumAt) != checksum(text.data()))
    return corrupt("the header of an encrypted file was changed");
  const auto version = load_le<std::uint16_t>(text.data() + kVersionAt);
  if (version != kVersion || load_le<std::uint16_t>(text.data() + kAlgorithmAt) != kAes256Gcm ||
      load_le<std::uint32_t>(text.data() + kPageBytesAt) != kPageBytes)
    return invalid("an encrypted file of version " + std::to_string(version) + " is not known to this program, which reads 1");
  EncryptedHeader out;
  std::memcpy(out.data_key.data(), text.data() + kDataKeyAt, out.data_key.size());
  std::memcpy(out.salt.data(), text.data() + kSaltAt, out.salt.size());
  return std::optional(out);
}

Result<std::uint64_t> content_bytes(std::uint64_t file_bytes) {
  const std::uint64_t pages_bytes = file_bytes < kPageBytes ? 0 : file_bytes - kPageBytes;
  const std::uint64_t last = pages_bytes % kPageBytes;
  const std::uint64_t tags = (pages_bytes + kPageBytes - 1) / kPageBytes * crypto::kAeadTagBytes;
  if (pages_bytes < crypto::kAeadTagBytes || (last > 0 && last < crypto::kAeadTagBytes))
    return corrupt("an encrypted file is cut off");
  return pages_bytes - tags;
}

Result<std::unique_ptr<PageCipher>> PageCipher::make(const Keyring& ring, const EncryptedHeader& header) {
  STELE_ASSIGN(const crypto::AeadKey key, ring.derive(header.data_key, std::as_bytes(std::span(header.salt)), kPurpose));
  return std::make_unique<PageCipher>(key);
}

void PageCipher::seal(std::uint64_t page, bool is_last, ByteSpan content, std::string& out) const {
  const std::size_t at = out.size();
  out.resize(at + content.size() + crypto::kAeadTagBytes);
  cipher_.seal(nonce_of(page, is_last), {}, {&content, 1}, std::as_writable_bytes(std::span(out)).subspan(at));
}

Status PageCipher::open(std::uint64_t page, bool is_last, ByteSpan sealed, std::span<std::byte> out) const {
  const Status opened = cipher_.open(nonce_of(page, is_last), {}, sealed, out);
  if (!opened) return corrupt("page " + std::to_string(page) + " was changed");
  return opened;
}

}  // namespace stele::keyring
