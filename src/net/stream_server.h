// Bytes from TCP, TLS and UDP, for protocols that listen and at most answer what they were sent.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/connection_counters.h"
#include "net/peer.h"
#include "net/runtime.h"
#include "net/tls_identity.h"

namespace stele::net {

// What goes back before more is read.
struct StreamAnswer {
  std::string bytes;   // may be empty
  bool close = false;  // no more is read; on_end follows
};
using Resume = std::function<void(StreamAnswer)>;

// Takes what one connection sends. All calls come from the connection's thread, the next only after `resume` of the
// one before was called (from any thread): that is the back-pressure.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void on_bytes(std::string_view bytes, Resume resume) = 0;
  // The peer is done, or gone. The sink is destroyed after `resume`.
  virtual void on_end(std::function<void()> resume) = 0;
};
using SinkFactory = std::function<std::unique_ptr<StreamSink>(const Peer&)>;

struct Datagram {
  Peer peer;
  std::string_view bytes;
};
// Takes datagrams, all that are there at once; the next come after `resume`. The views end with the call.
using DatagramHandler = std::function<void(std::span<const Datagram>, std::function<void()> resume)>;

struct StreamCounters : ConnectionCounters {
  std::atomic<std::uint64_t> bad_handshakes{0};
  std::atomic<std::uint64_t> bytes{0};
};

class StreamServer {
 public:
  StreamServer(Runtime& runtime, std::uint32_t connections_max);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  // Each returns the address bound; port 0 takes a free one.
  Result<std::string> listen_tcp(const std::string& address, SinkFactory factory);
  Result<std::string> listen_tls(const std::string& address, std::shared_ptr<const TlsIdentity> tls, SinkFactory factory);
  Result<std::string> listen_udp(const std::string& address, DatagramHandler handler);

  // Stops listening and reading; waits up to `millis` until all sinks have resumed.
  void drain(std::int64_t millis);

  [[nodiscard]] const StreamCounters& counters() const;

  struct State;  // of this room alone

 private:
  std::shared_ptr<State> state_;  // shared with the connections
};

}  // namespace stele::net
