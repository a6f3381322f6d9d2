// Unary gRPC methods on a port of their own, answered by the handler that answers HTTP.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "net/runtime.h"

namespace stele::net {

// A method, and the request as which the handler sees it: POST to `path` with `content_type`, the message's bytes as body.
struct GrpcMethod {
  std::string name;  // "/package.Service/Method"
  std::string path;
  std::string content_type;
};

// 200 becomes OK with the answer's body as message. Else the body is a google.rpc.Status: its code and message are the call's.
// 429 and 503 become UNAVAILABLE with a RetryInfo of their Retry-After, so that clients come again.
class GrpcServer {
 public:
  GrpcServer(Runtime& runtime, Handler handler, std::vector<GrpcMethod> methods, std::uint64_t message_bytes_max);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Listens, without TLS; port 0 takes a free one. Returns the address bound. Once at most.
  Result<std::string> listen(const std::string& address);
  // No new calls; waits up to `millis` for those under way.
  void drain(std::int64_t millis);

 private:
  struct State;  // of this room alone
  std::unique_ptr<State> state_;
};

}  // namespace stele::net
