// The loop of an agent: gathers records from all streams, makes them durable in the spool with one sync, and tells the streams.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/own_event.h"
#include "agent/spool.h"
#include "agent/stream.h"
#include "base/clock.h"

namespace stele::agent {

struct CollectorOptions {
  std::int64_t heartbeat_seconds = 60;
  std::function<std::string()> trouble;  // of sending, for the heartbeat; empty when there is none
};

class Collector {
 public:
  Collector(Spool& spool, const Clock& clock, Speaker speaker, CollectorOptions options);

  void add(std::unique_ptr<Stream> stream) { streams_.push_back(std::move(stream)); }
  // Becomes a record at the next opportunity. Of what no position depends on.
  void tell(Notice notice);

  // Until `stop_fd` is readable; then takes what would be lost, in as many batches as it needs. An error when what was read could
  // not be made durable, also where it was tried again for some seconds after the stop.
  Status run(int stop_fd);

  [[nodiscard]] std::vector<StreamState> describe() const;

 private:
  bool collect();
  bool add_own_records();
  void add_told();
  Status append_batch(std::uint32_t& done);
  Status commit(int stop_fd);
  Status finish(int stop_fd);
  void note_room(bool has_room);
  Notice heartbeat() const;
  bool wait(int stop_fd, std::int64_t millis, bool for_streams) const;

  Spool& spool_;
  const Clock& clock_;
  Speaker speaker_;
  CollectorOptions options_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::size_t next_stream_ = 0;  // goes first
  Batch batch_;
  std::vector<Notice> notices_;
  std::int64_t next_heartbeat_ = 0;
  std::int64_t full_since_ = 0;  // 0: it has room
};

}  // namespace stele::agent
