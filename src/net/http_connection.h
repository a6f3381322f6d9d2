// A connection of the HTTP server. Only sources of this room include it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/channel.h"
#include "net/http_server.h"
#include "net/loops.h"
#include "net/open_connections.h"

namespace stele::net {

struct HttpConnection : Connection {
  HttpConnection(Socket s, Channel::Context context, const Peer& p, std::shared_ptr<HttpServer::State> state);  // from any thread

  static constexpr std::int64_t kNoDeadline = INT64_MAX;
  enum class Doing { kIdle, kReading, kStreaming, kAnswering };  // kStreaming: waits for more of a body that was asked for

  std::shared_ptr<HttpServer::State> server;
  std::atomic<std::int64_t> deadline{kNoDeadline};  // steady seconds; past it the sweeper calls time_out()
  // What follows is only touched on the connection's loop.
  Doing doing = Doing::kIdle;
  bool too_slow = false;  // its request did not arrive in time: there is one more try to say so

  void expire_after(std::int64_t seconds);
  // Ends what takes too long, unless it went on meanwhile.
  void time_out();
};

// Steady seconds, for deadlines.
std::int64_t now_seconds();

struct HttpServer::State {
  State(Runtime& r, Handler h, HttpLimits l) : runtime(r), handler(std::move(h)), limits(l) {}
  [[nodiscard]] std::uint32_t connections_max() const { return limits.connections_max; }

  Runtime& runtime;
  Handler handler;
  HttpLimits limits;
  std::function<bool(const Request&)> takes_stream;  // may be empty
  TrustedProxies proxies;
  HttpCounters counters;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> under_way{0};     // requests being answered
  std::atomic<std::uint64_t> sending{0};       // of these, whose answers are there and not yet taken
  std::atomic<std::uint64_t> bodies_bytes{0};  // of their bodies, of those that arrive, and of answers
  std::vector<std::function<void()>> closers;  // of the acceptors
  std::vector<std::string> socket_paths;
  OpenConnections<HttpConnection> open;
};

// After the handshake of TLS, if it is to be that, answers the connection's requests one after another until it ends.
asio::awaitable<void> serve(std::shared_ptr<HttpConnection> connection);

}  // namespace stele::net
