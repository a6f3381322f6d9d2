#include "log/frame.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <string>

#include "crypto/sha256.h"

namespace stele::log {
namespace {

constexpr std::string_view kMagic = "STELEFRM";
constexpr std::uint16_t kPlainVersion = 1;
constexpr std::uint16_t kEncryptedVersion = 2;  // so that a program that cannot read it says "newer", and not "damaged"
constexpr std::uint32_t kAes256Gcm = 1;

// Where the fields stand. Bytes that are not named are zero.
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kHeaderBytesAt = 10;
constexpr std::size_t kFlagsAt = 12;
constexpr std::size_t kLogIdAt = 16;
constexpr std::size_t kEpochAt = 32;
constexpr std::size_t kCommitAt = 40;
constexpr std::size_t kFirstIndexAt = 48;
constexpr std::size_t kTreeSizeAt = 56;
constexpr std::size_t kPayloadBytesAt = 64;
constexpr std::size_t kPayloadChecksumAt = 72;
constexpr std::size_t kCountAt = 80;
constexpr std::size_t kAlgorithmAt = 84;  // 0: not encrypted
constexpr std::size_t kPreviousAt = 88;
constexpr std::size_t kRootAt = 120;
constexpr std::size_t kEncryptionAt = 152;
constexpr std::size_t kDataKeyAt = 152;
constexpr std::size_t kSaltAt = 160;
constexpr std::size_t kNonceAt = 184;
constexpr std::size_t kTagAt = 208;
constexpr std::size_t kChecksumAt = 248;
static_assert(kDataKeyAt + sizeof(FrameEncryption::data_key) == kSaltAt);
static_assert(kSaltAt + sizeof(FrameEncryption::salt) == kNonceAt);
static_assert(kNonceAt + sizeof(FrameEncryption::nonce) <= kTagAt);
static_assert(kTagAt + sizeof(FrameEncryption::tag) <= kChecksumAt);
static_assert(kChecksumAt + 8 == kFrameHeaderBytes);

std::uint64_t header_checksum(const std::byte* header) { return XXH3_64bits(header, kChecksumAt); }

void put_encryption(const FrameEncryption& encryption, std::byte* p) {
  std::memcpy(p + kDataKeyAt, encryption.data_key.data(), encryption.data_key.size());
  std::memcpy(p + kSaltAt, encryption.salt.data(), encryption.salt.size());
  std::memcpy(p + kNonceAt, encryption.nonce.data(), encryption.nonce.size());
  std::memcpy(p + kTagAt, encryption.tag.data(), encryption.tag.size());
}

FrameEncryption encryption_at(const std::byte* p) {
  FrameEncryption out;
  std::memcpy(out.data_key.data(), p + kDataKeyAt, out.data_key.size());
  std::memcpy(out.salt.data(), p + kSaltAt, out.salt.size());
  std::memcpy(out.nonce.data(), p + kNonceAt, out.nonce.size());
  std::memcpy(out.tag.data(), p + kTagAt, out.tag.size());
  return out;
}

bool all_zero(const std::byte* begin, const std::byte* end) {
  return std::all_of(begin, end, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

FrameHeaderBytes encode_frame_header(const FrameHeader& header) {
  FrameHeaderBytes out{};
  std::byte* p = out.data();
  std::memcpy(p, kMagic.data(), kMagic.size());
  store_le<std::uint16_t>(p + kVersionAt, header.encryption ? kEncryptedVersion : kPlainVersion);
  store_le<std::uint16_t>(p + kHeaderBytesAt, kFrameHeaderBytes);
  store_le(p + kFlagsAt, header.flags);
  std::memcpy(p + kLogIdAt, header.log_id.data(), header.log_id.size());
  store_le(p + kEpochAt, header.epoch);
  store_le(p + kCommitAt, header.commit);
  store_le(p + kFirstIndexAt, header.first_index);
  store_le(p + kTreeSizeAt, header.end_index());
  store_le(p + kPayloadBytesAt, header.payload_bytes);
  store_le(p + kPayloadChecksumAt, header.payload_checksum);
  store_le(p + kCountAt, header.count);
  std::memcpy(p + kPreviousAt, header.previous.data(), header.previous.size());
  std::memcpy(p + kRootAt, header.root.data(), header.root.size());
  if (header.encryption) {
    store_le(p + kAlgorithmAt, kAes256Gcm);
    put_encryption(*header.encryption, p);
  }
  store_le(p + kChecksumAt, header_checksum(p));
  return out;
}

Result<FrameHeader> decode_frame_header(std::span<const std::byte, kFrameHeaderBytes> bytes, const LogId& log_id) {
  const std::byte* p = bytes.data();
  if (as_text(bytes.first(kMagic.size())) != kMagic) return Error{Code::kNotFound, "no frame starts here"};
  if (load_le<std::uint64_t>(p + kChecksumAt) != header_checksum(p)) return corrupt("the frame header's checksum does not match");
  FrameHeader header;
  std::memcpy(header.log_id.data(), p + kLogIdAt, header.log_id.size());
  if (header.log_id != log_id) return Error{Code::kNotFound, "the frame belongs to another log"};
  const auto version = load_le<std::uint16_t>(p + kVersionAt);
  if (version > kEncryptedVersion) {
    return invalid("the frame has format version " + std::to_string(version) + "; this program reads up to " +
                   std::to_string(kEncryptedVersion));
  }
  if (version < kPlainVersion || load_le<std::uint16_t>(p + kHeaderBytesAt) != kFrameHeaderBytes)
    return corrupt("the frame header's form is unknown");
  header.flags = load_le<std::uint32_t>(p + kFlagsAt);
  header.epoch = load_le<std::uint64_t>(p + kEpochAt);
  header.commit = load_le<std::uint64_t>(p + kCommitAt);
  header.first_index = load_le<std::uint64_t>(p + kFirstIndexAt);
  header.count = load_le<std::uint32_t>(p + kCountAt);
  header.payload_bytes = load_le<std::uint64_t>(p + kPayloadBytesAt);
  header.payload_checksum = load_le<std::uint64_t>(p + kPayloadChecksumAt);
  std::memcpy(header.previous.data(), p + kPreviousAt, header.previous.size());
  std::memcpy(header.root.data(), p + kRootAt, header.root.size());
  const bool is_encrypted = version == kEncryptedVersion;
  if (is_encrypted) header.encryption = encryption_at(p);
  const bool reserved_used = is_encrypted ? !all_zero(p + kNonceAt + sizeof(FrameEncryption::nonce), p + kTagAt) ||
                                                !all_zero(p + kTagAt + sizeof(FrameEncryption::tag), p + kChecksumAt)
                                          : !all_zero(p + kEncryptionAt, p + kChecksumAt);
  const bool algorithm_fits = load_le<std::uint32_t>(p + kAlgorithmAt) == (is_encrypted ? kAes256Gcm : 0);
  const bool plausible = header.payload_bytes <= kFramePayloadBytesMax && header.flags <= kFrameOpening && header.commit > 0 &&
                         header.first_index < std::uint64_t{1} << 62 &&
                         load_le<std::uint64_t>(p + kTreeSizeAt) == header.end_index();
  if (reserved_used || !algorithm_fits || !plausible) return corrupt("the frame header's fields contradict each other");
  return header;
}

Hash frame_digest(const FrameHeaderBytes& header) { return crypto::sha256(header); }

std::uint64_t payload_checksum(std::span<const ByteSpan> parts) {
  if (parts.size() == 1) return XXH3_64bits(parts[0].data(), parts[0].size());
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  for (const ByteSpan& part : parts) XXH3_64bits_update(state.get(), part.data(), part.size());
  return XXH3_64bits_digest(state.get());
}

std::uint64_t frame_extent(std::uint64_t payload_bytes) {
  const std::uint64_t bytes = kFrameHeaderBytes + payload_bytes;
  return (bytes + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

}  // namespace stele::log
