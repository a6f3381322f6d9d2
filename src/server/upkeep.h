// What a running server does for its own data unasked: looks at the space of the disk, and verifies its log.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/metrics_text.h"
#include "event/internal_event.h"
#include "log/sequencer.h"
#include "notify/disk_watch.h"

namespace stele::server {

struct UpkeepOptions {
  std::string data;                      // directory
  std::string log_name;                  // in it
  std::string state_file;                // when the log was last verified: upkeep.json (docs/formats/data-directory.md)
  bool watch_disk = true;                // one of a server's logs does
  std::uint64_t disk_warn_percent = 10;  // 0: never
  std::uint64_t verify_hours = 24;       // 0: never
  std::string master_key;                // as text, of a log that is encrypted
};

// One thread. What it finds becomes entries of the log: stele.disk.filling, stele.disk.roomy, stele.verify.passed,
// stele.verify.failed. An entry that the log does not take is offered again until it does.
class Upkeep {
 public:
  // The log and the clock outlive it.
  Upkeep(log::Sequencer& log, UpkeepOptions options, const Clock& clock);
  // Stops as drain() does.
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  // Stops within a second, a verification that runs with it. Idempotent.
  void drain();

  // Samples for /metrics.
  void append_metrics(MetricsText& out) const;

 private:
  void run();
  void look_at_disk();
  void verify();
  [[nodiscard]] UnixNanos verify_due() const;
  [[nodiscard]] bool write(const event::InternalEvent& event);
  void note_verified();
  bool sleep(std::int64_t nanos);  // false once it stops

  log::Sequencer& log_;
  UpkeepOptions options_;
  const Clock& clock_;
  notify::DiskWatch disk_;
  UnixNanos verify_at_ = 0;  // 0: never

  std::atomic<std::uint64_t> disk_bytes_{0};
  std::atomic<std::uint64_t> disk_free_{0};
  std::atomic<std::int64_t> verified_at_{0};
  std::atomic<int> verified_intact_{-1};  // -1: not verified since the start
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

// The entry that tells of a verification: what `stele verify --json` printed, and how it ended.
event::InternalEvent verification_event(std::string_view json, std::string_view complaint, int exit_code,
                                        std::string_view log_name, UnixNanos now);

}  // namespace stele::server
