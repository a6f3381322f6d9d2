#include "log/frame_cipher.h"

#include <algorithm>
#include <cassert>

namespace stele::log {
namespace {

constexpr std::string_view kPurpose = "stele frame 2";

Result<crypto::AeadKey> key_of(const keyring::Keyring& ring, const FrameEncryption& encryption) {
  return ring.derive(encryption.data_key, std::as_bytes(std::span(encryption.salt)), kPurpose);
}

FrameEncryption begun(const keyring::Keyring& ring, Random& random) {
  FrameEncryption out;
  out.data_key = ring.current();
  random.fill(out.salt);
  return out;
}

// The header as it was before the payload was encrypted.
FrameHeaderBytes associated_with(FrameHeader header) {
  header.payload_checksum = 0;
  header.encryption->tag = {};
  return encode_frame_header(header);
}

}  // namespace

FrameCipher::FrameCipher(const keyring::Keyring& ring, Random& random)
    : encryption_(begun(ring, random)), cipher_(key_of(ring, encryption_).value()) {}

ByteSpan FrameCipher::seal(std::span<const ByteSpan> payload, FrameHeader& header) {
  header.encryption = encryption_;
  store_le(header.encryption->nonce.data(), ++sealed_);
  std::size_t bytes = 0;
  for (const ByteSpan part : payload) bytes += part.size();
  header.payload_bytes = bytes;
  out_.resize(bytes + crypto::kAeadTagBytes);
  const FrameHeaderBytes associated = associated_with(header);
  cipher_.seal(header.encryption->nonce, associated, payload, std::as_writable_bytes(std::span(out_)));
  const ByteSpan stored = as_byte_span(out_).first(bytes);
  std::memcpy(header.encryption->tag.data(), out_.data() + bytes, crypto::kAeadTagBytes);
  header.payload_checksum = payload_checksum({&stored, 1});
  return stored;
}

Result<std::string> open_payload(const FrameHeader& header, ByteSpan payload, const keyring::Keyring* ring) {
  assert(header.encryption);
  if (ring == nullptr) return Error{Code::kDenied, "it is encrypted, and there is no keyring: restore that from a copy"};
  STELE_ASSIGN(const crypto::AeadKey key, key_of(*ring, *header.encryption));
  std::string sealed(as_text(payload));
  sealed.append(reinterpret_cast<const char*>(header.encryption->tag.data()), crypto::kAeadTagBytes);
  const FrameHeaderBytes associated = associated_with(header);
  std::string out(payload.size(), '\0');
  const Status opened = crypto::AeadCipher(key).open(header.encryption->nonce, associated, as_byte_span(sealed),
                                                     std::as_writable_bytes(std::span(out)));
  if (!opened) return corrupt("its payload was changed, and does not decrypt");
  return out;
}

}  // namespace stele::log
