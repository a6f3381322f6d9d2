// Who sent a request, where proxies pass it on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace stele::net {

// The networks whose X-Forwarded-For and X-Forwarded-Proto are believed, as nginx, HAProxy, Envoy and load balancers send them.
class TrustedProxies {
 public:
  // "10.0.0.0/8", "192.0.2.7", "2001:db8::/32". kInvalid: one is none of these.
  static Result<TrustedProxies> parse(const std::vector<std::string>& networks);

  // Whether it is one of them.
  [[nodiscard]] bool are(const Peer& peer) const;
  // The request's peer, and whether any proxy says that it passed the request on. Where a trusted one did, the address is that of
  // whoever came to the first of these: the last in X-Forwarded-For that is of no trusted network, since anybody may write what
  // stands before it. Then he has no certificate, the port 0 where none is named, and TLS as X-Forwarded-Proto says. What is no
  // address ends the list: then the proxy's own counts.
  [[nodiscard]] Peer origin_of(const Request& request) const;

 private:
  using Address = std::array<unsigned char, 16>;  // of IPv6, where IPv4 is mapped
  struct Network {
    Address address{};
    unsigned bits = 0;
  };
  [[nodiscard]] bool trusts(const Address& address) const;

  std::vector<Network> networks_;
};

}  // namespace stele::net
