// Logins that were begun: what a browser is sent away with and must come back with. Nothing of one is kept until it comes back,
// so that strangers who begin many take no memory and are in nobody's way.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace stele::oidc {

struct AttemptLimits {
  std::int64_t lifetime = 600'000'000'000;  // ns
  std::size_t taken_max = 10'000;           // remembered; then the one that was taken first is not
};

// All follows from the cookie by a secret of this process.
struct Attempt {
  std::string cookie;    // 256 random bits and when it was begun; the browser alone has it
  std::string state;     // goes by the browser to the provider and back (RFC 6749 section 10.12)
  std::string nonce;     // the same, and back in the ID token
  std::string verifier;  // of PKCE; goes to the provider with the code (RFC 7636)
};

// Thread-safe. The clock and the source of randomness outlive it.
class Attempts {
 public:
  Attempts(const Clock& clock, Random& random, AttemptLimits limits = {});

  Attempt begin();
  // The attempt that this browser began with this state; each is good once. kUnauthenticated says why it is not.
  Result<Attempt> take(std::string_view cookie, std::string_view state);

 private:
  [[nodiscard]] Attempt of(std::string cookie) const;
  [[nodiscard]] std::string derived(std::string_view what, std::string_view cookie) const;

  const Clock& clock_;
  Random& random_;
  AttemptLimits limits_;
  Hash secret_{};  // of this process
  std::mutex mutex_;
  // Guarded by it: by hash of the state, when it was taken.
  std::map<Hash, std::int64_t> taken_;
};

}  // namespace stele::oidc
