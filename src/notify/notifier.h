// Follows a log and tells destinations of what in it needs a person.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metrics_text.h"
#include "base/result.h"
#include "io/file.h"
#include "log/sequencer.h"
#include "notify/destination.h"
#include "notify/state.h"

namespace stele::notify {

struct NotifierOptions {
  std::string log_name;  // for metrics
  std::string state_file;
  std::int64_t quiet = 600'000'000'000;       // ns: see Outbox
  std::int64_t look_every = 200'000'000;      // ns between looks at a log that stands still
  std::int64_t retry_first = kSecond;         // ns; doubles with each failure …
  std::int64_t retry_most = 300'000'000'000;  // … up to this
  enum class Level : std::uint8_t { kInfo, kWarning, kError };
  std::function<void(Level, const std::string&)> say = [](Level, const std::string&) {};  // from any thread
};

// One thread follows the log at low priority, and each destination has one, so that none waits for another. At least once:
// what was looked at and not yet told stands in the state file or in the log behind the place that it names. A destination
// that the state does not know begins at the log's end. Thread-safe.
class Notifier {
 public:
  // Reads the state and starts. A state that is damaged, or of another log, is said and replaced: it begins at the log's end.
  // The log outlives the notifier, and so does the clock. There is at least one destination, no two with one key.
  static Result<std::unique_ptr<Notifier>> start(io::FileSystem& fs, const log::Sequencer& log,
                                                 std::vector<std::unique_ptr<Destination>> destinations, NotifierOptions options,
                                                 const Clock& clock);
  // Stops as drain() does.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // A notice that no entry can hold: the log takes none. Waits for no disk.
  void tell(const Notice& notice);

  // Stops within about a second, whatever a destination does, and writes the state. Idempotent.
  void drain();

  // Samples for /metrics.
  void append_metrics(MetricsText& out) const;

 private:
  struct Line;  // to one destination

  Notifier(io::FileSystem& fs, const log::Sequencer& log, NotifierOptions options, const Clock& clock);
  [[nodiscard]] State read_state();
  void follow();
  bool look(std::uint64_t& at);
  void deliver(Line& line);
  void note_result(Line& line, const Status& sent);
  void take(const Notice& notice);
  void save();

  io::FileSystem& fs_;
  const log::Sequencer& log_;
  NotifierOptions options_;
  const Clock& clock_;
  std::string origin_;

  mutable std::mutex mutex_;  // guards what follows, and the lines' state
  std::condition_variable changed_;
  State state_;
  bool cannot_save_ = false;
  bool told_ = false;  // the state has what is in no log
  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<Line>> lines_;
  std::thread follower_;
};

}  // namespace stele::notify
