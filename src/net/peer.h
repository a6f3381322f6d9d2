// Who is at the other end of a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace stele::net {

// What the kernel says of a process at the other end of a Unix socket.
struct Credentials {
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct Peer {
  std::string address;    // "10.0.0.5:51230", "[::1]:51230"; "unix" for a Unix socket
  bool loopback = false;  // the connection is from this very machine
  std::optional<Credentials> credentials;
  std::string certificate;  // the name in the one that it has shown, of the authority that the listener names; empty: none
  bool tls = false;         // what it sends cannot be read on the way
  bool passed_on = false;   // by a proxy, as that says itself: who asks is elsewhere, whoever the connection is from
};

}  // namespace stele::net
