// Unary gRPC methods on a port of their own, answered by the handler that answers HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/connection_counters.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/tls_identity.h"

namespace stele::net {

// A method, and the request as which the handler sees it: POST to `path` with `content_type`, the message's bytes as body.
struct GrpcMethod {
  std::string name;  // "/package.Service/Method"
  std::string path;
  std::string content_type;
};

struct GrpcLimits {
  std::uint64_t message_bytes_max = 16U << 20;  // as sent, at most 1 GiB; more is RESOURCE_EXHAUSTED
  std::uint64_t held_bytes_max = 256U << 20;    // of messages under way together; more is UNAVAILABLE
  std::uint32_t connections_max = 4096;         // each holds two descriptors; over it those make room that wait the longest
  std::int64_t request_seconds = 30;            // a message must arrive within this long; else DEADLINE_EXCEEDED
  std::int64_t idle_seconds = 120;              // a connection without a call is closed after this long
};

// A message that was compressed by gzip is handed on as it came, with the header Content-Encoding: whoever decompresses it
// knows how much it may become. No other compression is taken (UNIMPLEMENTED, with those that are).
//
// 200 becomes OK with the answer's body as message. Else the body is a google.rpc.Status: its code and message are the call's.
// 429 and 503 become UNAVAILABLE with a RetryInfo of their Retry-After, so that clients come again.
class GrpcServer {
 public:
  // `takes_stream`, asked on a thread of gRPC, says of which calls no message is read: the handler is called without it, with a
  // Request::stream that gives nothing. So it is for a method that there is not, of which the request is POST to "/grpc" and its
  // name; the handler's 404 for that becomes UNIMPLEMENTED.
  GrpcServer(Runtime& runtime, Handler handler, std::vector<GrpcMethod> methods, GrpcLimits limits,
             std::function<bool(const Request&)> takes_stream = {});
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Listens, without TLS; port 0 takes a free one. Returns the address bound. One listen at most.
  Result<std::string> listen(const std::string& address);
  // The same over TLS, with files that are read again by themselves when they change. Where they name an authority of clients,
  // each shows a certificate of it, which Peer::certificate names.
  Result<std::string> listen_tls(const std::string& address, const TlsFiles& files);
  // No new calls; waits up to `millis` for those under way.
  void drain(std::int64_t millis);

  [[nodiscard]] const ConnectionCounters& counters() const;

  struct State;  // of this room alone

 private:
  std::shared_ptr<State> state_;  // shared with its connections
};

}  // namespace stele::net
