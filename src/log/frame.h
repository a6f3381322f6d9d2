// A frame: one commit in the journal, kept or dropped whole (docs/formats/frame.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/aead.h"
#include "keyring/master_key.h"

namespace stele::log {

using LogId = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kFrameHeaderBytes = 256;
// Frames start at multiples of this, so that no write touches a block that holds an acknowledged frame.
inline constexpr std::size_t kFrameAlignment = 4096;
// Limits on what is read back.
inline constexpr std::uint64_t kFramePayloadBytesMax = 64U << 20;

// First frame after an open: it repeats the entries of the last frame of the epoch before, on fresh ground.
inline constexpr std::uint32_t kFrameOpening = 1;

// How the payload of a frame is encrypted.
struct FrameEncryption {
  keyring::KeyId data_key{};
  std::array<std::uint8_t, 24> salt{};  // random, new at every open: it makes the key
  crypto::AeadNonce nonce{};
  std::array<std::uint8_t, crypto::kAeadTagBytes> tag{};
};

struct FrameHeader {
  std::uint32_t flags = 0;
  LogId log_id{};
  std::uint64_t epoch = 0;   // new at every open
  std::uint64_t commit = 0;  // 1 for the first frame of a log
  std::uint64_t first_index = 0;
  std::uint32_t count = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t payload_checksum = 0;  // XXH3, 64 bits, of what is stored
  Hash previous{};                     // digest of the frame with commit - 1; zeros for the first
  Hash root{};                         // of the tree with first_index + count leaves
  std::optional<FrameEncryption> encryption;

  [[nodiscard]] std::uint64_t end_index() const { return first_index + count; }
};

using FrameHeaderBytes = std::array<std::byte, kFrameHeaderBytes>;

FrameHeaderBytes encode_frame_header(const FrameHeader& header);

// kNotFound when the bytes are no frame of this log at all (another magic or another log), kCorrupt when they start
// like one and are damaged, kInvalid when they are of a newer format version.
Result<FrameHeader> decode_frame_header(std::span<const std::byte, kFrameHeaderBytes> bytes, const LogId& log_id);

// SHA-256 of the header's bytes: binds the payload through its root and checksum, and all frames before.
Hash frame_digest(const FrameHeaderBytes& header);

std::uint64_t payload_checksum(std::span<const ByteSpan> parts);

// What a frame takes in its file: header and payload, rounded up to the alignment.
std::uint64_t frame_extent(std::uint64_t payload_bytes);

}  // namespace stele::log
