// Who has logged in, until when. In memory alone: they end with the server.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

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

// A session just begun: both texts are told once, to whoever logged in, and kept nowhere.
struct NewSession {
  std::string cookie;  // 256 random bits
  std::string csrf;    // 256 others: what changes something carries them besides
};

// Thread-safe. The clock and the source of randomness outlive it.
class Sessions {
 public:
  Sessions(const Clock& clock, Random& random, SessionLimits limits = {}) : clock_(clock), random_(random), limits_(limits) {}

  NewSession begin(const access::Identity& identity);

  struct Found {
    access::Identity identity;
    Hash csrf{};  // SHA-256 of it
  };
  // Whose session this is, which is used by asking. Nothing: it is none, or has ended.
  std::optional<Found> use(std::string_view cookie);
  // Whether this text is the session's second one, told in constant time.
  static bool is_csrf(const Found& session, std::string_view text);

  // Ends one. False: it is none.
  bool end(std::string_view cookie);
  // Ends all of an identity.
  void end_all(std::string_view identity);
  [[nodiscard]] std::size_t count() const;

 private:
  struct Session {
    access::Identity identity;
    Hash csrf{};
    std::int64_t begun = 0;  // monotonic
    std::int64_t used = 0;
  };
  // Under the mutex.
  [[nodiscard]] bool is_over(const Session& session, std::int64_t now) const;
  void make_room(std::string_view identity, std::int64_t now);

  const Clock& clock_;
  Random& random_;
  SessionLimits limits_;
  mutable std::mutex mutex_;
  std::map<Hash, Session> sessions_;  // by SHA-256 of the cookie
};

}  // namespace stele::login
