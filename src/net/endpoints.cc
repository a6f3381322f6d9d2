#include "net/endpoints.h"

#include <sys/socket.h>

#include <cstring>

#include "base/bytes.h"
#include "base/network_prefix.h"

namespace stele::net {
namespace {

Peer unix_peer(int socket) {
  Peer peer{"unix", true, std::nullopt};
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    peer.credentials = Credentials{credentials.pid, credentials.uid, credentials.gid};
  }
  return peer;
}

}  // namespace

Peer peer_of(asio::ip::address address, std::uint16_t port) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return {endpoint_text(address, port), address.is_loopback(), std::nullopt};
}

std::optional<Peer> peer_of(Socket& socket) {
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return std::nullopt;
  if (remote.protocol().family() == AF_UNIX) return unix_peer(socket.native_handle());
  asio::ip::tcp::endpoint endpoint;
  endpoint.resize(remote.size());
  std::memcpy(endpoint.data(), remote.data(), remote.size());
  return peer_of(endpoint.address(), endpoint.port());
}

std::string network_of(const Peer& peer) {
  const auto endpoint = parse_endpoint(peer.address);
  return endpoint ? network_prefix(endpoint->address().to_string()) : peer.address;
}

Result<asio::ip::tcp::endpoint> parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_decimal(text.substr(colon + 1));
  std::string host = text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || !port || *port > 65'535) return invalid("\"" + text + "\" is no address and port such as 127.0.0.1:7373");
  return asio::ip::tcp::endpoint(address, static_cast<std::uint16_t>(*port));
}

std::string endpoint_text(const asio::ip::address& address, std::uint16_t port) {
  const std::string host = address.to_string();
  return (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Listener> listen_at(asio::io_context& loop, const std::string& address) {
  STELE_ASSIGN(const auto endpoint, parse_endpoint(address));
  const auto acceptor = std::make_shared<asio::ip::tcp::acceptor>(loop);
  boost::system::error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return Error{Code::kIo, "cannot listen on " + address + ": " + error.message()};
  const auto bound = acceptor->local_endpoint(error);
  return Listener{acceptor, endpoint_text(bound.address(), bound.port())};
}

}  // namespace stele::net
