// Taking connections at a listening socket. Only sources of this room include it.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include "net/endpoints.h"
#include "net/open_connections.h"

namespace stele::net {

// Takes one connection after another until `acceptor` is closed or the server drains; each lives on a loop of its own. For one
// that is over the limit others make room, or it is closed.
//
// `server` has: runtime, draining, counters, connections_max(), and as `open` the OpenConnections of a Kind.
// `make(Socket, Peer)` makes a std::shared_ptr<Kind>, shared with the sweepers and with who looks for a place;
// `serve(connection)` begins with a Served of it. Either may throw for want of memory or descriptors: then the connection is
// closed.
template <typename Acceptor, typename Server, typename Make, typename Serve>
asio::awaitable<void> accept_loop(std::shared_ptr<Acceptor> acceptor, std::shared_ptr<Server> server, Make make, Serve serve) {
  // Out of descriptors or memory: let some be freed.
  const auto pause = [&]() -> asio::awaitable<void> {
    boost::system::error_code ignored;
    asio::steady_timer timer(acceptor->get_executor(), std::chrono::milliseconds(50));
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  };
  while (!server->draining) {
    boost::system::error_code error;
    auto& loop = server->runtime.loops().next();
    Socket socket(co_await acceptor->async_accept(loop, asio::redirect_error(asio::use_awaitable, error)));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      co_await pause();
      continue;
    }
    const auto peer = peer_of(socket);
    if (!peer) continue;  // gone; what it sent would be nobody's
    if (!co_await find_place(server->open, server->counters, server->connections_max())) {
      ++server->counters.refused;
      continue;  // closed by leaving scope
    }
    if (server->draining) co_return;
    decltype(make(std::declval<Socket>(), std::declval<const Peer&>())) connection;
    bool has_room = true;
    try {
      connection = make(std::move(socket), *peer);
      server->open.add(connection);
      asio::co_spawn(loop, serve(connection), asio::detached);
    } catch (const std::exception&) {  // the door stays open
      ++server->counters.refused;
      if (connection != nullptr) {
        connection->close();
        connection->end();
      }
      server->open.remove(connection);
      has_room = false;
    }
    if (!has_room) co_await pause();
  }
}

// Closes the acceptor on its own loop. From any thread.
template <typename Acceptor>
void close_later(const std::shared_ptr<Acceptor>& acceptor) {
  asio::post(acceptor->get_executor(), [acceptor] {
    boost::system::error_code ignored;
    acceptor->close(ignored);
  });
}

}  // namespace stele::net
