#include "net/grpc_connection.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#include "net/endpoints.h"

namespace stele::net {

// What has come is read before it gives up: the library tells nobody by an answer which calls it took.
GrpcConnection::GrpcConnection(Socket socket, const Peer& p, ConnectionCounters& counters)
    : Connection(std::move(socket), nullptr, p, network_of(p), counters, Kind::kHeard) {}

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

void GrpcConnection::end_call() {
  const std::lock_guard lock(mutex_);
  if (--calls_ == 0) waits();
}

void GrpcPeers::add(const std::shared_ptr<GrpcConnection>& connection) {
  const std::lock_guard lock(mutex_);
  connections_[connection->peer.address] = connection;
}

void GrpcPeers::remove(const GrpcConnection& connection) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(connection.peer.address);
  if (found == connections_.end()) return;
  const auto there = found->second.lock();
  if (there == nullptr || there.get() == &connection) connections_.erase(found);
}

std::shared_ptr<GrpcConnection> GrpcPeers::find(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(address);
  return found == connections_.end() ? nullptr : found->second.lock();
}

}  // namespace stele::net
