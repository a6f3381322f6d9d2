// A file system whose files are encrypted, each under a key of its own.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "io/forwarding.h"
#include "keyring/keyring.h"

namespace stele::keyring {

// `under`, but what is written is encrypted and what is read is decrypted; a plain file is read as it is. For files that are
// written once, whole and from front to back, as io::write_file() does: open_write() takes none that has contents (kInternal),
// and its file is finished by the first sync(). A file that was cut off or changed is kCorrupt, one under a key that the ring has
// not kDenied. `under` and `random` outlive it. Thread-safe as `under` is.
class EncryptedFiles final : public io::ForwardingFileSystem {
 public:
  EncryptedFiles(io::FileSystem& under, KeyringPtr ring, Random& random)
      : ForwardingFileSystem(under), ring_(std::move(ring)), random_(random) {}

  Result<std::unique_ptr<io::File>> open_read(const std::string& path) override;
  Result<std::unique_ptr<io::Mapping>> map(const std::string& path) override;
  Result<std::unique_ptr<io::File>> open_write(const std::string& path, unsigned mode) override;

 private:
  KeyringPtr ring_;
  Random& random_;
};

// Whether the file is encrypted. kNotFound when it is absent.
Result<bool> is_encrypted(io::FileSystem& fs, const std::string& path);

// Writes a plain file anew, encrypted; what is written is read back and compared before it takes the other's place, durably.
// False when it is encrypted already or absent. The bytes that it had in plain stay on the disk until the disk has another use
// for their place.
Result<bool> encrypt_file(io::FileSystem& plain, EncryptedFiles& encrypted, const std::string& path);

}  // namespace stele::keyring
