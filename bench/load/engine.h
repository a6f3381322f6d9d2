// Drives many connections from one thread and measures how long each request takes to be answered.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "measure.h"

namespace stele::bench {

// One request: byte ranges in the order in which they are sent, and the events that they carry.
struct Request {
  std::array<iovec, 3> parts{};
  std::size_t part_count = 0;
  std::uint32_t events = 0;

  void add(std::string_view bytes);
};

enum class Verdict {
  kIncomplete,  // more bytes are needed
  kStored,      // answered, and all events are stored
  kRefused,     // answered otherwise
  kOverloaded,  // answered "not now": the connection pauses for a moment
};

// What is spoken on a connection, one request at a time, connections numbered from 0.
class Protocol {
 public:
  virtual ~Protocol() = default;

  // Brings a freshly connected, still blocking socket to where requests can be sent. Gives up on failure.
  virtual void greet(std::size_t connection, int fd) = 0;

  // The next request. Its bytes stay valid until the next call for the same connection.
  virtual Request make(std::size_t connection) = 0;

  // Takes what was received behind the request of this connection. An answer is never followed by more bytes.
  virtual Verdict take(std::size_t connection, std::string_view bytes) = 0;

  // The last answer that was not kStored, for a person to read; empty if there was none.
  [[nodiscard]] virtual std::string bad_answer() const = 0;
};

// Where to connect: a TCP address `HOST:PORT` (numeric IPv4), or a Unix socket if `unix_path` is not empty.
struct Endpoint {
  std::string tcp;
  std::string unix_path;
};

// A connected blocking socket, TCP_NODELAY where it is TCP. Gives up on failure.
int connect_to(const Endpoint& endpoint);
// A UDP socket with that peer, `HOST:PORT`.
int connect_datagrams(const std::string& where);

struct Plan {
  Endpoint endpoint;
  std::size_t connections = 1;
  double seconds = 5;            // no request is sent later; answers are awaited for ten seconds more
  std::uint64_t events_max = 0;  // stop after this many events; 0 for no limit
  double requests_rate = 0;      // open loop: requests a second over all connections; 0 for a closed loop
};

struct Outcome {
  Histogram latency;             // of stored requests; in an open loop from the moment the request was due
  std::uint64_t requests = 0;    // stored
  std::uint64_t events = 0;      // stored
  std::uint64_t refused = 0;     // requests answered otherwise
  std::uint64_t overloaded = 0;  // requests answered "not now"; their events are not sent again
  std::uint64_t lost = 0;        // connections that broke, or never answered their last request
  std::uint64_t unsent = 0;      // open loop: requests that were due and never sent
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  double seconds = 0;  // from the first request to the last answer
};

// Runs the plan. In a closed loop each connection sends its next request as soon as it has its answer; in an open loop
// requests are due at even distances whatever the server does, and wait for a free connection.
Outcome run_plan(const Plan& plan, Protocol& protocol);

}  // namespace stele::bench
