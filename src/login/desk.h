// Where people say who they are: one after the other, and the slower the more they guess.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "access/grants.h"
#include "base/clock.h"
#include "login/credentials.h"
#include "login/throttle.h"

namespace stele::login {

// Thread-safe. What it works on outlives it.
class Desk {
 public:
  Desk(CredentialBook& credentials, const access::Grants& grants, const Clock& clock, Random& random)
      : credentials_(credentials), grants_(grants), clock_(clock), random_(random) {}

  struct Verdict {
    Status status;                             // kUnauthenticated; kBusy: he is to wait; as CredentialBook
    std::int64_t wait_seconds = 0;             // then, at least one
    std::optional<access::Identity> identity;  // with a good status
    std::uint64_t generation = 0;              // of what proved that it is he (CredentialBook::generation)
    std::string device;                        // with a good status: what his browser is to show next time
  };
  // What somebody shows who wants in.
  struct Shown {
    std::string user;
    std::string password;
    std::string code;
    std::string network;  // from which he comes
    std::string device;   // what his browser was given when somebody came in with it; empty: nothing
  };
  // Takes as long as a password takes, whoever it is. With a device that he came in with before he waits for what failed with
  // that device alone.
  Verdict login(const Shown& shown);
  // Whose invitation this is. kUnauthenticated: nobody's that holds; that is guessing too.
  struct Invited {
    Status status;
    std::int64_t wait_seconds = 0;
    std::string user;  // empty: the set-up's, whoever that will be; it holds while nobody has access
  };
  Invited invited(const std::string& invitation, const std::string& network);

 private:
  CredentialBook& credentials_;
  const access::Grants& grants_;
  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  // Guarded by it.
  Throttle throttle_;
  Throttle invitations_;  // apart, so that who guesses the one is not in the way of the other
};

}  // namespace stele::login
