// HTTP/1.1 on TCP and Unix sockets.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/connection_counters.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/tls_identity.h"
#include "net/trusted_proxies.h"

namespace stele::net {

struct HttpLimits {
  std::uint64_t body_bytes_max = 16U << 20;  // as sent, before decompression
  std::uint32_t header_bytes_max = 16U << 10;
  std::uint32_t connections_max = 4096;
  std::uint64_t bodies_bytes_max = 1U << 30;  // of all requests and answers that are under way together
  std::int64_t idle_seconds = 120;            // until the first byte of a request
  std::int64_t request_seconds = 30;          // from then on for the whole of it, and for an answer to be taken
  std::int64_t upload_idle_seconds = 3600;    // between the bytes of a body that is taken as it comes
};

struct HttpCounters : ConnectionCounters {
  std::atomic<std::uint64_t> requests{0};
  std::array<std::atomic<std::uint64_t>, 6> answers{};  // by the first digit of their status
  std::atomic<std::uint64_t> bad_requests{0};           // not HTTP, too large, too slow, a handshake that failed
};

class HttpServer {
 public:
  // `takes_stream`, asked on the connection's thread, says of which requests the body is taken as it comes: the handler is
  // called before any of it is read, with Request::stream, and the limits of bodies do not hold for it.
  // Both see a request's peer as `proxies` have it.
  HttpServer(Runtime& runtime, Handler handler, HttpLimits limits, std::function<bool(const Request&)> takes_stream = {},
             TrustedProxies proxies = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens; port 0 takes a free one. Returns the address bound, "127.0.0.1:7373". With `tls` over TLS: who shows a certificate
  // of its authority is named in Peer::certificate, who shows none is let in too.
  Result<std::string> listen(const std::string& address, std::shared_ptr<const TlsIdentity> tls = nullptr);
  // Listens on a Unix socket (mode 0600); a stale one at `path` is replaced, any other file there is an error.
  Status listen_unix(const std::string& path);

  // No new connections; requests that still come are answered 503. Ends idle connections and streams, and waits up to
  // `millis` for what is under way to be answered, two seconds of it for answers that are there to be taken.
  void drain(std::int64_t millis);

  [[nodiscard]] const HttpCounters& counters() const;

  struct State;  // of this room alone

 private:
  std::shared_ptr<State> state_;  // shared with the connections, which may outlive the server's own stop
};

// Whether `address` ("127.0.0.1:7373", "[::1]:7373", "localhost:7373") is on this machine only. kInvalid when it is none.
Result<bool> is_loopback_address(const std::string& address);

}  // namespace stele::net
