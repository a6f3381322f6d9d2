// A file under a key of its own, page by page (docs/formats/encrypted-file.md). The codec, without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crypto/aead.h"
#include "keyring/keyring.h"

namespace stele::keyring {

// The header is as long as a page, so that each page is one of the page cache's.
inline constexpr std::size_t kPageBytes = 4096;
inline constexpr std::size_t kPageContent = kPageBytes - crypto::kAeadTagBytes;

struct EncryptedHeader {
  KeyId data_key{};
  std::array<std::uint8_t, 32> salt{};  // random: it makes the file's key
};

std::string encode_encrypted_header(const EncryptedHeader& header);
// Nothing when the bytes, the first of a file, are those of a plain one. kCorrupt for a header that was changed or cut off,
// kInvalid for one of a newer program.
Result<std::optional<EncryptedHeader>> decode_encrypted_header(ByteSpan bytes);

// How many bytes of contents a file of `file_bytes` has; kCorrupt when none is so long.
Result<std::uint64_t> content_bytes(std::uint64_t file_bytes);

// Seals and opens the pages of one file. Thread-safe.
class PageCipher {
 public:
  // kDenied when the ring has no such data key.
  static Result<std::unique_ptr<PageCipher>> make(const Keyring& ring, const EncryptedHeader& header);
  explicit PageCipher(const crypto::AeadKey& key) : cipher_(key) {}

  // Appends the page of that number. The contents are kPageContent bytes; of the last page of a file at most as many. Each page
  // is sealed once.
  void seal(std::uint64_t page, bool is_last, ByteSpan content, std::string& out) const;
  // `out` has just room for the contents. kCorrupt when the page was changed, is another, or is not the last as it says.
  [[nodiscard]] Status open(std::uint64_t page, bool is_last, ByteSpan sealed, std::span<std::byte> out) const;

 private:
  crypto::AeadCipher cipher_;
};

}  // namespace stele::keyring
