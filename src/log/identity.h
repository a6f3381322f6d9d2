// Who a log is: its id, its origin, its key. Chosen at creation, for ever.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "log/frame.h"
#include "merkle/note.h"

namespace stele::log {

// The file `log.json` of a log's directory.
struct Identity {
  LogId id{};
  std::string origin;  // also the key's name
  merkle::VerifierKey key;
  std::string created;                 // RFC 3339
  std::uint64_t fingerprint_seed = 0;  // of delivery keys; no secret
};

std::string identity_path(const std::string& log_dir);

// The file's content, byte for byte.
std::string identity_text(const Identity& identity);

Result<Identity> read_identity(io::FileSystem& fs, const std::string& log_dir);

// Whether there is a log in `log_dir`. An identity without a key and with nothing beside it is what an interrupted
// creation leaves: nothing was ever signed, and create_identity() begins anew.
Result<bool> is_created(io::FileSystem& fs, const std::string& log_dir, const std::string& key_path);

// Makes a new log's directory, identity and signing key. The key file comes last, 0600, and is never replaced: with it
// the log is there; `key_fs` may encrypt it. kConflict when `key_path`, the log, or any part of one but a keyring is there
// already.
Result<Identity> create_identity(io::FileSystem& fs, io::FileSystem& key_fs, const std::string& log_dir,
                                 const std::string& key_path, const std::string& origin, const Clock& clock, Random& random);

// The signing key of `identity`; kInvalid when the file holds another.
Result<merkle::NoteSigner> read_signing_key(io::FileSystem& fs, const std::string& key_path, const Identity& identity);

}  // namespace stele::log
