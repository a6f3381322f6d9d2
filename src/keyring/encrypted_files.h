// A file system whose files are encrypted, each under a key of its own.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/file.h"
#include "keyring/keyring.h"

namespace stele::keyring {

// `under`, but what is written is encrypted and what is read is decrypted; a plain file is read as it is. For files that are
// written once, whole and from front to back, as io::write_file() does: open_write() takes none that has contents (kInternal),
// and its file is finished by the first sync(). A file that was cut off or changed is kCorrupt, one under a key that the ring has
// not kDenied. `under` and `random` outlive it. Thread-safe as `under` is.
class EncryptedFiles final : public io::FileSystem {
 public:
  EncryptedFiles(io::FileSystem& under, KeyringPtr ring, Random& random)
      : under_(under), ring_(std::move(ring)), random_(random) {}

  Result<std::unique_ptr<io::File>> open_read(const std::string& path) override;
  Result<std::unique_ptr<io::Mapping>> map(const std::string& path) override;
  Result<std::unique_ptr<io::File>> open_write(const std::string& path, unsigned mode) override;
  Status rename(const std::string& from, const std::string& to) override { return under_.rename(from, to); }
  Status remove(const std::string& path) override { return under_.remove(path); }
  bool exists(const std::string& path) override { return under_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& dir) override { return under_.list(dir); }
  Status make_dirs(const std::string& dir) override { return under_.make_dirs(dir); }
  Status sync_dir(const std::string& dir) override { return under_.sync_dir(dir); }
  Result<std::unique_ptr<io::Lock>> lock(const std::string& path) override { return under_.lock(path); }

 private:
  io::FileSystem& under_;
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
