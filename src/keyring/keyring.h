// The keys of a log's files, closed under a master key (docs/formats/keyring.md).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "keyring/master_key.h"

namespace stele::keyring {

// A data key, open.
struct DataKey {
  crypto::AeadKey key{};
  std::string created;  // RFC 3339
};

// Immutable; thread-safe.
class Keyring {
 public:
  // The keys by age, at least one; the last is that of new files.
  Keyring(std::vector<DataKey> keys, const MasterKey& master);

  [[nodiscard]] const std::vector<DataKey>& keys() const { return keys_; }
  // Of the key for new files, and of the master key under which the ring is closed.
  [[nodiscard]] KeyId current() const { return id_of(keys_.back().key); }
  [[nodiscard]] const KeyId& master() const { return master_; }

  // The key of one file, frame or value: another for each salt and each purpose. kDenied when the ring has no such data key.
  [[nodiscard]] Result<crypto::AeadKey> derive(const KeyId& data_key, ByteSpan salt, std::string_view purpose) const;

 private:
  std::vector<DataKey> keys_;
  std::map<KeyId, std::size_t> by_id_;
  KeyId master_;
};

using KeyringPtr = std::shared_ptr<const Keyring>;  // whoever reads or writes a file of the log has it, and logs are opened anew

// A ring as it stands in a file: everything but the master key itself.
std::string keyring_text(const Keyring& ring, const MasterKey& master, Random& random);

// The ring of that text. kDenied when it is closed under none of `masters`, kInvalid for one of a newer program, kCorrupt for
// what is none or was changed.
Result<Keyring> parse_keyring(std::string_view text, const MasterKeys& masters);

// What opening a log's ring came to.
struct OpenedKeyring {
  KeyringPtr ring;  // null: there is none, and there is to be none
  bool is_new = false;
  bool is_changed = false;  // the master key was another: the ring was closed under the first one, with a new data key
};

// "keyring" in a log's directory, and its copy.
std::string keyring_path(const std::string& log_dir);
std::string keyring_copy_path(const std::string& log_dir);

// Opens the ring of the log in `log_dir`, makes one when there is none, closes it anew when the first master key is another than
// before, and mends whichever of its two files is lost or damaged. Keys that one of them alone has are kept; one that does not
// open, without being damaged, is left. Without a master key there is to be no ring: kDenied, with
// what to do, when there is one. On success everything is durable. The caller holds the directory's lock.
Result<OpenedKeyring> open_keyring(io::FileSystem& fs, const std::string& log_dir, const MasterKeys& masters, const Clock& clock,
                                   Random& random);

// The same without a change to any file; null when there is no ring.
Result<KeyringPtr> read_keyring(io::FileSystem& fs, const std::string& log_dir, const MasterKeys& masters);

}  // namespace stele::keyring
