// A connection that gRPC's library serves. Only sources of this room include it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "net/connection.h"

namespace stele::net {

// Its socket is open twice: the library has one descriptor and does with it as it likes, this one only looks whether there still
// is a connection, and may end it.
class GrpcConnection : public Connection {
 public:
  // From any thread.
  GrpcConnection(Socket socket, const Peer& peer, ConnectionCounters& counters);

  // The library's descriptor, which is its own from now on. std::system_error: there is none left.
  [[nodiscard]] int descriptor();
  // Returns when both directions were shut down, by either end, or close() was called; and when its peer sent an urgent byte,
  // which nobody does who speaks HTTP/2.
  asio::awaitable<void> until_shut();

  // While a handler has calls of it, it works. From any thread. The end of the last says whether the connection is to be closed,
  // once the answer has had the time to be taken.
  void begin_call();
  [[nodiscard]] bool end_call();

 private:
  std::mutex mutex_;
  std::uint64_t calls_ = 0;
};

// Over which connection a call came: the library tells its peer's address alone. Thread-safe.
class GrpcPeers {
 public:
  void add(const std::shared_ptr<GrpcConnection>& connection);
  void remove(const GrpcConnection& connection);
  // Empty: it is gone. Of two with the same peer, at two addresses of this machine or over two links, either.
  [[nodiscard]] std::shared_ptr<GrpcConnection> find(const std::string& address) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<GrpcConnection>> connections_;
};

}  // namespace stele::net
