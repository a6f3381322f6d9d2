#include "net/grpc_connection.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "net/endpoints.h"

namespace stele::net {

namespace {

// The library writes the scope of a link's address as a number, Asio the link's name.
std::string without_scope(std::string address) {
  if (const auto scope = address.find('%'); scope != std::string::npos)
    address.erase(scope, std::min(address.find(']'), address.size()) - scope);
  return address;
}

}  // namespace

GrpcConnection::GrpcConnection(Socket socket, const Peer& p, ConnectionCounters& counters)
    : Connection(std::move(socket), nullptr, p, network_of(p), counters, Kind::kAnswered) {}

int GrpcConnection::descriptor() {
  const int copy = ::fcntl(channel.socket().native_handle(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw std::system_error(errno, std::generic_category(), "the descriptor of a connection");
  return copy;
}

asio::awaitable<void> GrpcConnection::until_shut() {
  boost::system::error_code ignored;
  co_await channel.socket().async_wait(Socket::wait_error, asio::redirect_error(asio::use_awaitable, ignored));
}

void GrpcConnection::begin_call() {
  const std::lock_guard lock(mutex_);
  if (calls_++ == 0) works();
}

bool GrpcConnection::end_call() {
  const std::lock_guard lock(mutex_);
  if (--calls_ > 0) return false;
  waits();
  return is_asked();
}

void GrpcPeers::add(const std::shared_ptr<GrpcConnection>& connection) {
  const std::lock_guard lock(mutex_);
  connections_[without_scope(connection->peer.address)] = connection;
}

void GrpcPeers::remove(const GrpcConnection& connection) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(without_scope(connection.peer.address));
  if (found == connections_.end()) return;
  const auto there = found->second.lock();
  if (there == nullptr || there.get() == &connection) connections_.erase(found);
}

std::shared_ptr<GrpcConnection> GrpcPeers::find(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(without_scope(address));
  return found == connections_.end() ? nullptr : found->second.lock();
}

}  // namespace stele::net
