// Of which network an address is, where what comes from strangers is counted together.
#pragma once

#include <string>

namespace stele {

// The /24 of an IPv4 address, the /48 of an IPv6 one: as much as one subscriber may have (RFC 6177), as others have a /56 or a
// /64 of one. "203.0.113.0/24"; as it is where it is no address.
std::string network_prefix(const std::string& address);

}  // namespace stele
