// Files of values that are kept apart, and one value in them (docs/formats/kept-apart.md). The codec, without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/aead.h"
#include "event/apart_value.h"
#include "keyring/keyring.h"

namespace stele::log {

inline constexpr std::size_t kApartHeaderBytes = 96;
inline constexpr std::uint64_t kApartPayloadBytesMax = 1U << 30;
inline constexpr std::size_t kApartAlignment = 16;

// A key under which sealed values are encrypted, and its name in records: the first 8 bytes of its SHA-256.
struct SealingKey {
  crypto::AeadKey key{};
  [[nodiscard]] std::uint64_t id() const;
};
// "stele-sealing-key+<base64>" and a newline.
std::string sealing_key_text(const SealingKey& key);
Result<SealingKey> parse_sealing_key(std::string_view text);

// What values are encrypted under.
struct ApartKeys {
  std::optional<SealingKey> sealing;  // sealed ones
  keyring::KeyringPtr ring;           // attachments of a log that is encrypted at rest; null: they are plain
};

struct ApartHeader {
  event::ApartKind kind = event::ApartKind::kSealed;
  bool erased = false;
  std::uint64_t key_id = 0;         // of a sealed value, or an encrypted attachment; 0: it is plain
  std::uint64_t payload_bytes = 0;  // as stored
  std::uint64_t value_bytes = 0;    // of what was committed to
  Hash commitment{};
  std::uint64_t payload_checksum = 0;  // XXH3

  // Header and payload, rounded up to kApartAlignment.
  [[nodiscard]] std::uint64_t extent() const;
};

// Header and payload of a value, padded. What it is encrypted with comes from its commitment, which a random salt makes unique. A
// sealed one needs its key.
std::string encode_apart(const event::ApartValue& value, const ApartKeys& keys);

// The same of an attachment that is stored in plain: its payload as it is, encrypted.
std::string encrypt_attachment(ApartHeader header, std::string_view payload, const keyring::Keyring& ring);

// The header that stands at the start of `bytes`; nothing when none does, or it is damaged.
std::optional<ApartHeader> decode_apart_header(std::string_view bytes);
std::string encode_apart_header(const ApartHeader& header);

// Whether `payload` is what the header says.
bool has_checksum(const ApartHeader& header, std::string_view payload);

// The value; kCorrupt when the payload is another or its commitment does not hold, kNotFound when it was erased, kDenied when it
// is encrypted under another key.
Result<event::ApartValue> decode_apart(const ApartHeader& header, std::string_view payload, const ApartKeys& keys);

}  // namespace stele::log
