// Both ends of a connection, as text and to Asio. Only sources of this room include it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/loops.h"
#include "net/peer.h"

namespace stele::net {

// Who is at the other end, as the kernel says; nothing when he has gone.
Peer peer_of(asio::ip::address address, std::uint16_t port);
std::optional<Peer> peer_of(Socket& socket);
// As network_prefix() of its address.
std::string network_of(const Peer& peer);

// "127.0.0.1:7373", "[::1]:7373", "localhost:7373". kInvalid when it is no address and port.
Result<asio::ip::tcp::endpoint> parse_endpoint(const std::string& text);

// The address and port, as parse_endpoint() takes them.
std::string endpoint_text(const asio::ip::address& address, std::uint16_t port);

// A listener of a loop with the address that it got (port 0 asks for any).
struct Listener {
  std::shared_ptr<asio::ip::tcp::acceptor> acceptor;
  std::string address;
};

// kInvalid as parse_endpoint(), kIo when the system refuses.
Result<Listener> listen_at(asio::io_context& loop, const std::string& address);

}  // namespace stele::net
