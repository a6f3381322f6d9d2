// The files of one log, as the server has them: the last of the disk is reserved, and what has contents is encrypted where a
// master key is given.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/reserve.h"
#include "keyring/encrypted_files.h"
#include "keyring/keyring.h"
#include "server/config.h"

namespace stele::server {

class LogFiles {
 public:
  // Opens the log's keyring, or makes it (keyring::open_keyring). The caller holds the lock of the data directory.
  static Result<std::unique_ptr<LogFiles>> open(const Config& config, const std::string& log_name,
                                                const keyring::MasterKeys& masters);

  // What says nothing of what the entries say: hashes, checkpoints, frames, which are encrypted by themselves.
  [[nodiscard]] io::FileSystem& plain() { return reserving_ ? *reserving_ : io::posix(); }
  // All else.
  [[nodiscard]] io::FileSystem& contents() { return encrypted_ ? *encrypted_ : plain(); }
  // Null for a log that is not encrypted.
  [[nodiscard]] const keyring::KeyringPtr& ring() const { return ring_; }

  // Writes a file anew that stands there in plain from before the log was encrypted (keyring::encrypt_file), when it begins as
  // such a file does: what is damaged is left. False when there is nothing to do.
  Result<bool> encrypt(const std::string& path, std::string_view begins);

  // Keeps the last of the disk from now on: but for the log "audit", whose it is.
  Status reserve(const Config& config);

 private:
  LogFiles() = default;
  std::unique_ptr<io::Reserving> reserving_;
  keyring::KeyringPtr ring_;
  std::unique_ptr<keyring::EncryptedFiles> encrypted_;
};

}  // namespace stele::server
