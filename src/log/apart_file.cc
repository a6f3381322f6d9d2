#include "log/apart_file.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "apart/commitment.h"
#include "crypto/sha256.h"

namespace stele::log {
namespace {

using event::ApartKind;
using event::ApartValue;

constexpr std::string_view kMagic = "STELEAPV";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kEncryptedVersion = 2;  // of an encrypted attachment
constexpr std::string_view kPurpose = "stele attachment 2";
constexpr std::string_view kKeyBegin = "stele-sealing-key+";
constexpr int kLevel = 3;
constexpr std::uint64_t kValueBytesMax = 1U << 30;

std::string_view text_of(const std::array<std::uint8_t, apart::kSaltBytes>& salt) {
  return {reinterpret_cast<const char*>(salt.data()), salt.size()};
}

std::string compressed(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0) std::abort();  // the bound holds
  out.resize(size);
  return out;
}

Result<std::string> decompressed(std::string_view bytes, std::uint64_t size) {
  if (size > kValueBytesMax) return corrupt("a kept value claims to be longer than any");
  std::string out(size, '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != size) return corrupt("a kept value does not decompress");
  return out;
}

crypto::AeadNonce nonce_of(const Hash& commitment) {
  crypto::AeadNonce out{};
  std::copy_n(commitment.begin(), out.size(), out.begin());
  return out;
}

std::uint64_t number_of(const keyring::KeyId& id) { return load_le<std::uint64_t>(id.data()); }

keyring::KeyId key_id_of(std::uint64_t number) {
  keyring::KeyId out{};
  store_le(out.data(), number);
  return out;
}

// Ciphertext and tag.
std::string sealed(const ApartValue& value, const SealingKey& key) {
  std::string plain(text_of(value.salt));
  plain += value.bytes;
  return crypto::aead_seal(key.key, nonce_of(value.commitment), as_byte_span(value.commitment), as_byte_span(plain));
}

Result<std::string> opened(const ApartHeader& header, std::string_view payload, const ApartKeys& keys) {
  const ByteSpan commitment = as_byte_span(header.commitment);
  if (header.kind == ApartKind::kSealed) {
    if (!keys.sealing || keys.sealing->id() != header.key_id)
      return Error{Code::kDenied, "the value is sealed under a key that is not here"};
    return crypto::aead_open(keys.sealing->key, nonce_of(header.commitment), commitment, as_byte_span(payload));
  }
  if (header.key_id == 0) return std::string(payload);
  if (!keys.ring) return Error{Code::kDenied, "the value is encrypted, and there is no keyring"};
  STELE_ASSIGN(const crypto::AeadKey key, keys.ring->derive(key_id_of(header.key_id), commitment, kPurpose));
  return crypto::aead_open(key, {}, commitment, as_byte_span(payload));
}

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

// Of the header without its state, which an erasure changes.
std::uint64_t header_checksum(std::string bytes) {
  bytes[10] = 0;
  return checksum(std::string_view(bytes).substr(0, kApartHeaderBytes - 8));
}

// Header and payload, padded.
std::string record_of(ApartHeader& header, std::string_view payload) {
  header.payload_bytes = payload.size();
  header.payload_checksum = checksum(payload);
  std::string out = encode_apart_header(header);
  out += payload;
  out.resize(header.extent(), '\0');
  return out;
}

}  // namespace

std::uint64_t SealingKey::id() const {
  const Hash hash = crypto::sha256({reinterpret_cast<const std::byte*>(key.data()), key.size()});
  return load_le<std::uint64_t>(hash.data());
}

std::string sealing_key_text(const SealingKey& key) {
  return std::string(kKeyBegin) + base64_encode({reinterpret_cast<const std::byte*>(key.key.data()), key.key.size()}) + "\n";
}

Result<SealingKey> parse_sealing_key(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  SealingKey out;
  const auto bytes = text.starts_with(kKeyBegin) ? base64_decode(text.substr(kKeyBegin.size())) : std::nullopt;
  if (!bytes || bytes->size() != out.key.size()) return invalid("it is no sealing key");
  std::copy(bytes->begin(), bytes->end(), out.key.begin());
  return out;
}

std::uint64_t ApartHeader::extent() const {
  return (kApartHeaderBytes + payload_bytes + kApartAlignment - 1) / kApartAlignment * kApartAlignment;
}

std::string encode_apart_header(const ApartHeader& header) {
  std::string out(kApartHeaderBytes, '\0');
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  const bool is_encrypted = header.kind == ApartKind::kAttachment && header.key_id != 0;
  out[8] = static_cast<char>(is_encrypted ? kEncryptedVersion : kVersion);
  out[9] = static_cast<char>(header.kind);
  store_le(out.data() + 16, header.key_id);
  store_le(out.data() + 24, header.payload_bytes);
  store_le(out.data() + 32, header.value_bytes);
  std::memcpy(out.data() + 40, header.commitment.data(), header.commitment.size());
  store_le(out.data() + 72, header.payload_checksum);
  store_le(out.data() + kApartHeaderBytes - 8, header_checksum(out));
  out[10] = header.erased ? 1 : 0;
  return out;
}

std::optional<ApartHeader> decode_apart_header(std::string_view bytes) {
  if (bytes.size() < kApartHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  const std::string header(bytes.substr(0, kApartHeaderBytes));
  if (load_le<std::uint64_t>(header.data() + kApartHeaderBytes - 8) != header_checksum(header)) return std::nullopt;
  ApartHeader out;
  if (header[9] != 1 && header[9] != 2) return std::nullopt;
  out.kind = static_cast<ApartKind>(header[9]);
  out.erased = header[10] != 0;
  out.key_id = load_le<std::uint64_t>(header.data() + 16);
  const bool is_encrypted = out.kind == ApartKind::kAttachment && out.key_id != 0;
  if (header[8] != static_cast<char>(is_encrypted ? kEncryptedVersion : kVersion)) return std::nullopt;
  out.payload_bytes = load_le<std::uint64_t>(header.data() + 24);
  out.value_bytes = load_le<std::uint64_t>(header.data() + 32);
  std::memcpy(out.commitment.data(), header.data() + 40, out.commitment.size());
  out.payload_checksum = load_le<std::uint64_t>(header.data() + 72);
  if (out.payload_bytes > kApartPayloadBytesMax || out.value_bytes > kValueBytesMax) return std::nullopt;
  return out;
}

std::string encode_apart(const ApartValue& value, const ApartKeys& keys) {
  ApartHeader header;
  header.kind = value.kind;
  header.value_bytes = value.bytes.size();
  header.commitment = value.commitment;
  if (value.kind == ApartKind::kSealed) {
    header.key_id = keys.sealing->id();
    return record_of(header, sealed(value, *keys.sealing));
  }
  const std::string payload = std::string(text_of(value.salt)) + compressed(value.bytes);
  return keys.ring ? encrypt_attachment(header, payload, *keys.ring) : record_of(header, payload);
}

// The key is one that nothing else has.
std::string encrypt_attachment(ApartHeader header, std::string_view payload, const keyring::Keyring& ring) {
  const ByteSpan commitment = as_byte_span(header.commitment);
  const crypto::AeadKey key = ring.derive(ring.current(), commitment, kPurpose).value();
  header.key_id = number_of(ring.current());
  return record_of(header, crypto::aead_seal(key, {}, commitment, as_byte_span(payload)));
}

bool has_checksum(const ApartHeader& header, std::string_view payload) {
  return payload.size() == header.payload_bytes && checksum(payload) == header.payload_checksum;
}

Result<ApartValue> decode_apart(const ApartHeader& header, std::string_view payload, const ApartKeys& keys) {
  if (header.erased) return Error{Code::kNotFound, "the value was erased"};
  if (!has_checksum(header, payload)) return corrupt("a kept value was changed");
  ApartValue out;
  out.kind = header.kind;
  out.commitment = header.commitment;
  STELE_ASSIGN(const std::string plain, opened(header, payload, keys));
  if (plain.size() < out.salt.size()) return corrupt("a kept value is cut off");
  std::copy_n(plain.begin(), out.salt.size(), out.salt.begin());
  const std::string_view rest = std::string_view(plain).substr(out.salt.size());
  if (header.kind == ApartKind::kSealed) {
    out.bytes = rest;
  } else {
    STELE_ASSIGN(out.bytes, decompressed(rest, header.value_bytes));
  }
  if (apart::commitment_of(out.kind, out.salt, out.bytes) != out.commitment)
    return corrupt("a kept value is not the one that was committed to");
  return out;
}

}  // namespace stele::log
