// Watches over a log's sources: reads each entry once it is committed, keeps the ledger, and writes into the log what is missing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "event/internal_event.h"
#include "io/clock_discipline.h"
#include "io/file.h"
#include "log/sequencer.h"
#include "sources/ledger.h"
#include "sources/ledger_file.h"
#include "sources/registry.h"

namespace stele::sources {

// How the server's clock is kept; nothing where nobody is to look.
using LookAtClock = std::function<Result<io::ClockDiscipline>()>;

struct WatchOptions {
  std::string ledger_file;                // where the ledger is kept between starts
  bool report = true;                     // into the log; else things are counted alone
  UnixNanos gap_grace = 8'000'000'000;    // a gap that lasts longer is reported, at most half a second later
  UnixNanos poll_every = 200'000'000;     // ns between looks at the log
  LookAtClock clock;                      // asked every minute; what changes, and a sample an hour, becomes an entry
  UnixNanos keep_every = 60'000'000'000;  // ns between writings of the ledger
};

// One thread, of low priority. The log outlives it.
class Watch {
 public:
  Watch(log::Sequencer& log, io::FileSystem& fs, Registry registry, const Clock& clock, WatchOptions options);
  // Stops as stop() does.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Counts what is still to be counted, keeps the ledger, and ends. Idempotent.
  void stop();

  [[nodiscard]] const Registry& registry() const { return registry_; }
  // Calls `f` with the ledger, which stands still meanwhile. `f` must be short.
  void read(const std::function<void(const Ledger&)>& f) const;
  // The same, once the ledger counts the first `size` entries of the log: kBusy when it does not within `wait`.
  Status read_at(std::uint64_t size, UnixNanos wait, const std::function<void(const Ledger&)>& f) const;

  // What hinders it; nothing while all goes well.
  [[nodiscard]] std::optional<Error> trouble() const;

 private:
  void load();
  void keep();
  void run();
  bool step();
  Status take(const log::Store& store, std::uint64_t first, std::uint64_t count);
  void report();
  void look_at_clock(UnixNanos now, std::vector<event::InternalEvent>& events);
  void set_trouble(std::optional<Error> error);

  log::Sequencer& log_;
  io::FileSystem& fs_;
  const Registry registry_;
  const Clock& clock_;
  const WatchOptions options_;
  SightingReader reader_;
  std::int64_t kept_at_ = 0;
  std::uint64_t kept_size_ = UINT64_MAX;  // entries that the kept ledger counts; none is kept
  std::atomic<bool> ask_again_{false};    // something that was found did not get into the log
  bool registering_ = false;
  bool telling_clock_ = false;
  std::int64_t clock_looked_at_ = 0;  // monotonic; 0: not yet
  std::int64_t clock_sampled_at_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable advanced_;
  Ledger ledger_;
  UnixNanos since_;  // nothing is missing before: the log was not open
  std::optional<Error> trouble_;
  bool stopping_ = false;
  std::condition_variable wake_;

  std::thread thread_;
};

}  // namespace stele::sources
