// Who has logged in, until when. In memory alone: they end with the server.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/identity.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace stele::login {

struct SessionLimits {
  std::int64_t idle = 1'800'000'000'000;       // ns without a request
  std::int64_t absolute = 43'200'000'000'000;  // ns
  std::size_t sessions_max = 10'000;           // then the one that was used longest ago ends
  std::size_t of_one_max = 20;                 // of one user; the same
};

// A session just begun: its texts are told to whoever logged in, and kept nowhere.
struct NewSession {
  std::string cookie;  // 256 random bits
  std::string csrf;    // what follows from them by a secret of the server: what changes something carries it besides
};

// Thread-safe. The clock and the source of randomness outlive it.
class Sessions {
 public:
  Sessions(const Clock& clock, Random& random, SessionLimits limits = {});

  NewSession begin(const access::Identity& identity);

  // Whose session this is, which is used by asking: an identity with its `session`. Nothing: it is none, or has ended.
  std::optional<access::Identity> use(std::string_view cookie);
  // Whether one that use() named has not ended; that is no use of it.
  [[nodiscard]] bool is_open(const Hash& session) const;
  // The second text of a session.
  [[nodiscard]] std::string csrf(std::string_view cookie) const;
  // Whether this text is that, told in constant time.
  [[nodiscard]] bool is_csrf(std::string_view cookie, std::string_view text) const;

  // Ends one. False: it is none.
  bool end(std::string_view cookie);
  // Ends all of an identity. How many there were.
  std::size_t end_all(std::string_view identity);
  // Of an identity, whose each open session is.
  [[nodiscard]] std::vector<access::Identity> open_of(std::string_view identity) const;
  [[nodiscard]] std::size_t count() const;

 private:
  struct Session {
    access::Identity identity;
    std::int64_t begun = 0;  // monotonic
    std::int64_t used = 0;
  };
  // Under the mutex.
  [[nodiscard]] bool is_over(const Session& session, std::int64_t now) const;
  void make_room(std::string_view identity, std::int64_t now);

  const Clock& clock_;
  Random& random_;
  SessionLimits limits_;
  Hash secret_{};  // of this process
  mutable std::mutex mutex_;
  std::map<Hash, Session> sessions_;  // by SHA-256 of the cookie
};

}  // namespace stele::login
