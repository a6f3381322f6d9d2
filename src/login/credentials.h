// What proves that a user is he: his password, the secret of his codes, his invitation (docs/formats/access.md). Kept in one
// file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"

namespace stele::login {

struct Credential {
  std::string password;  // as hash_password() has it; empty: none was chosen yet
  std::string totp_secret;
  std::uint64_t totp_last = 0;        // the step of the code that was used last
  std::optional<Hash> invitation;     // SHA-256 of its text
  UnixNanos invited_until = 0;        // where there is one
  std::vector<std::string> networks;  // from which he came, the last one last
  std::vector<Hash> devices;          // SHA-256 of what the browsers show with which he came, the last one last

  friend bool operator==(const Credential&, const Credential&) = default;
};
using Credentials = std::map<std::string, Credential, std::less<>>;  // by user

// The file's text, there and back. kCorrupt when it is none.
std::string credentials_text(const Credentials& credentials);
Result<Credentials> parse_credentials(std::string_view text);

// Thread-safe. What it answers is on disk before. kUnavailable: it could not be written, and nothing has changed.
class CredentialBook {
 public:
  static constexpr const char* kWrong = "the user, the password or the code is wrong";  // all that is told

  // Reads the file; without one there are none yet. The file system, the clock and the source of randomness outlive it. kCorrupt
  // names the file: it is not replaced by an empty one.
  static Result<std::unique_ptr<CredentialBook>> open(io::FileSystem& fs, std::string path, const Clock& clock, Random& random);

  // Makes an invitation, good once and for a day, in place of what proved that it is he before; its text is told once. From where
  // he came stays known.
  Result<std::string> invite(const std::string& user);
  // What proved that it is he is worth nothing any more.
  Status forget(const std::string& user);
  // Rises with each of these, so that whoever is let in by what was changed meanwhile can be told.
  [[nodiscard]] std::uint64_t generation(const std::string& user) const;
  // Makes the text with which the first user of all is made, in memory alone; the one before is none any more.
  std::string offer_setup();
  [[nodiscard]] bool is_setup(std::string_view text) const;
  // Whether it is that text, which is none from then on; of several at once one has it.
  bool take_setup(std::string_view text);
  // It is none any more: somebody has access.
  void drop_setup();
  // Makes the text of a set-up that came to nothing one again.
  void restore_setup(std::string_view text);

  // Whose invitation this is; nothing: nobody's, or it is too old.
  [[nodiscard]] std::optional<std::string> invited(std::string_view text) const;
  // Keeps the password, and that he comes from this network; ends the invitation: whoever was not that quick is told
  // kUnauthenticated. Returns the secret of his codes. Takes as long as hash_password(). Without an invitation: of one who has no
  // access yet.
  Result<std::string> join(const std::string& user, const std::optional<std::string>& invitation, const std::string& password,
                           const std::string& network);

  // Whether he is known to come from this network; with this device. Neither waits for the disk.
  [[nodiscard]] bool is_known(std::string_view user, std::string_view network) const;
  [[nodiscard]] bool is_device(std::string_view user, std::string_view device) const;
  // Whether it is he, which is noted with the network and the device. kUnauthenticated: no, in words that do not say why. Takes
  // as long whoever it is.
  Status check(const std::string& user, const std::string& password, std::string_view code, const std::string& network,
               std::string_view device);

 private:
  CredentialBook(io::FileSystem& fs, std::string path, const Clock& clock, Random& random)
      : fs_(fs), path_(std::move(path)), clock_(clock), random_(random) {}
  // Under the mutex.
  Status put(const std::string& user, Credential credential);
  Status save(Credentials changed);
  void note_change(const std::string& user);

  io::FileSystem& fs_;
  const std::string path_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  Credentials credentials_;  // changed under both mutexes, read under either

  mutable std::mutex quick_mutex_;  // nobody waits for the disk under it
  // What follows is guarded by it.
  std::map<std::string, std::uint64_t, std::less<>> generations_;
  std::optional<Hash> setup_;
};

}  // namespace stele::login
