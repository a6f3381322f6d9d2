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
  bool open_door = false;            // through a listener that the operator opened to other machines, for writing
  std::optional<std::uint32_t> uid;  // over the control socket, as the kernel says
  std::string_view authorization;    // the header of that name; empty: none
};

// Whoever shows a token is whom it was given to, wherever he is; a token that is not valid is never passed over. Without one,
// today, whoever is on this machine is its owner, and nobody else anything, unless the operator opened the server, or a door of
// it for writing, to the network in so many words.
class Authority {
 public:
  // The grants and the clock outlive it.
  Authority(bool allow_remote, const Grants& grants, const Clock& clock)
      : allow_remote_(allow_remote), grants_(&grants), clock_(&clock) {}
  // kUnauthenticated: what is shown is not valid. kDenied: nothing is shown, and it does not go without.
  [[nodiscard]] Result<Identity> identify(const Caller& caller) const;

 private:
  bool allow_remote_;
  const Grants* grants_;
  const Clock* clock_;
};

}  // namespace stele::access
