// Who a caller is: the one question that is asked before any route answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/grants.h"
#include "access/identity.h"
#include "base/clock.h"
#include "base/result.h"

namespace stele::access {

// Who asks, as far as the server itself knows, and what he shows.
struct Caller {
  bool loopback = false;  // from this very machine
  std::string address;
  std::string certificate;  // the name in the one that it has shown, of the authority that the operator named; empty: none
  std::optional<std::uint32_t> uid;  // over the control socket, as the kernel says
  std::string_view authorization;    // the header of that name; empty: none
};

// Whoever shows a token is whom it was given to, wherever he is; a token that is not valid is never passed over. Without one the
// control socket's user is owner, a certificate writes, and nobody else is anybody, unless the operator gave this machine a role.
class Authority {
 public:
  // `loopback_role`: of who comes from this very machine and shows nothing; null: none. The grants and the clock outlive it.
  Authority(const Role* loopback_role, const Grants& grants, const Clock& clock)
      : loopback_role_(loopback_role), grants_(&grants), clock_(&clock) {}
  // kUnauthenticated: nothing is shown, or what is not valid.
  [[nodiscard]] Result<Identity> identify(const Caller& caller) const;
  // Who a user is now who has logged in before: with what he has now. Whom a provider vouches for has what he had then.
  // kUnauthenticated: he has nothing any more.
  [[nodiscard]] Result<Identity> again(const Identity& user) const;
  [[nodiscard]] bool trusts_loopback() const { return loopback_role_ != nullptr; }

 private:
  const Role* loopback_role_;
  const Grants* grants_;
  const Clock* clock_;
};

}  // namespace stele::access
