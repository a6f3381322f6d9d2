// Syslog from the network to the log: UDP, TCP and TLS (RFC 5424, 3164, 6587, 5425, 5426), and RELP.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "collect/door_batch.h"
#include "event/entry.h"
#include "log/sequencer.h"
#include "net/stream_server.h"

namespace stele::collect {

struct SyslogOptions {
  std::string source = "syslog";  // the id under which its entries stand
  std::size_t message_bytes_max = 65'536;
  std::int64_t retry_millis = 200;  // between tries while the log takes nothing
  bool strict = false;              // what cannot be attributed is quarantined
};

struct SyslogCounters {
  std::atomic<std::uint64_t> messages{0};     // stored
  std::atomic<std::uint64_t> quarantined{0};  // of them, kept whole or in part without being understood
  std::atomic<std::uint64_t> retries{0};      // batches that the log did not take at once
};

// Nothing that arrives is dropped by this door: while the log takes nothing it stops reading, and tries again. The source's
// id in `options` has at most 128 bytes of UTF-8.
class SyslogDoor {
 public:
  SyslogDoor(log::Sequencer& log, net::Runtime& runtime, const Clock& clock, const Understanding& understanding,
             SyslogOptions options)
      : log_(log), runtime_(runtime), clock_(clock), understanding_(understanding), options_(std::move(options)) {}

  // For net::StreamServer. `kind` is the source's: "syslog-tcp", "syslog-tls".
  net::SinkFactory sinks(std::string kind);
  net::DatagramHandler datagrams();
  // The same messages over RELP, each acknowledged once it is durable: "syslog-relp", "syslog-relp-tls".
  net::SinkFactory relp_sinks(std::string kind);

  [[nodiscard]] const SyslogCounters& counters() const { return counters_; }

 private:
  friend class SyslogSink;
  friend class RelpSink;
  // One message on its way, kept until the log has it.
  struct Message {
    std::string text;
    std::string quarantined;   // why it is not taken as it is; empty when it is
    std::uint64_t length = 0;  // on the wire
  };
  struct Delivery;
  void deliver(event::Source source, std::vector<Message> messages, std::function<void()> resume);
  void attempt(std::shared_ptr<Delivery> delivery);
  // False when it had to be quarantined.
  bool add(event::EntryBatch& batch, const Message& message);

  log::Sequencer& log_;
  net::Runtime& runtime_;
  const Clock& clock_;
  const Understanding& understanding_;
  SyslogOptions options_;
  SyslogCounters counters_;
};

}  // namespace stele::collect
