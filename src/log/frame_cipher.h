// The payload of frames, encrypted (docs/formats/frame.md, "Encrypted").
#pragma once

#include <string>

#include "base/clock.h"
#include "crypto/aead.h"
#include "keyring/keyring.h"
#include "log/frame.h"

namespace stele::log {

// Encrypts the frames of one opening of a journal, under a key that no other opening has; the nonces are counted. One thread.
class FrameCipher {
 public:
  FrameCipher(const keyring::Keyring& ring, Random& random);

  // What is stored in the payload's place. Of the header all but what is said of the payload is set; that is set here. Valid
  // until the next call.
  ByteSpan seal(std::span<const ByteSpan> payload, FrameHeader& header);

 private:
  FrameEncryption encryption_;  // without nonce and tag
  crypto::AeadCipher cipher_;
  std::uint64_t sealed_ = 0;  // frames
  std::string out_;
};

// What was encrypted. kDenied when there is no ring or not that key in it, kCorrupt when it was changed.
Result<std::string> open_payload(const FrameHeader& header, ByteSpan payload, const keyring::Keyring* ring);

}  // namespace stele::log
