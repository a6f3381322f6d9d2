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
#include <vector>

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

  // Counts what is still to be counted, keeps the ledger, answers who still waits, and ends. Idempotent.
  void stop();

  [[nodiscard]] const Registry& registry() const { return registry_; }
  // For whoever asks right after an answer: what was just acknowledged is counted within a second.
  static constexpr UnixNanos kCountingWait = 2 * kSecond;
  // Whoever wants to see the ledger: on the watch's own thread, on which it stands still meanwhile.
  using Reader = std::function<void(const Result<const Ledger*>&)>;
  // Has `f` called once, as soon as the ledger counts the first `size` entries of the log. kBusy: it does not within
  // `wait` ns, or too many wait; kUnavailable: it stops. Nothing is counted while `f` runs. Thread-safe, does not block.
  void read_at(std::uint64_t size, UnixNanos wait, Reader f) const;

  // What hinders it now; nothing while it comes on. What was passed over for good is counted as unreadable.
  [[nodiscard]] std::optional<Error> trouble() const;

 private:
  void load();
  void keep();
  void run();
  enum class Step : std::uint8_t { kMore, kCaughtUp, kHindered };
  Step step();
  void answer();
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

  Ledger ledger_;    // the thread's own, as all above
  UnixNanos since_;  // nothing is missing before: the log was not open

  struct Waiting {
    std::uint64_t size;
    std::int64_t until;  // monotonic
    Reader reader;
  };
  mutable std::mutex mutex_;  // guards what follows
  mutable std::vector<Waiting> waiting_;
  mutable bool asked_ = false;  // since the thread looked last
  bool ended_ = false;          // nobody is answered any more
  std::optional<Error> trouble_;
  bool stopping_ = false;
  mutable std::condition_variable wake_;

  std::thread thread_;
};

}  // namespace stele::sources
