// One log's life on a disk that fails: work, a crash, recovery (which crashes too), and a look at whether everything
// that was promised is there. Everything follows from the seed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "crash/promises.h"
#include "crash/test_log.h"
#include "crash/workload.h"
#include "log/store.h"
#include "support/prng.h"
#include "support/sim_fs.h"

namespace stele::testing {

struct LifeOptions {
  std::uint64_t seed = 1;
  std::uint64_t crashes = 150;        // after which it ends
  std::uint64_t entries_first = 0;    // stored before anything fails
  std::uint64_t entries_max = 6'000;  // at which it ends
  log::StoreOptions store = small_options();
  bool reorder_names = false;
  bool stale_garbage = false;
};

// What happened, over many lives.
struct Tally {
  std::uint64_t crashes = 0;  // of these:
  std::uint64_t kills = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t in_recovery = 0;
  std::uint64_t kill_then_power = 0;

  std::uint64_t failures = 0;  // of one operation, without a crash
  std::uint64_t full_disks = 0;
  std::uint64_t recoveries = 0;
  std::uint64_t clean_stops = 0;
  std::uint64_t commits = 0;
  std::uint64_t entries = 0;
  std::uint64_t seals = 0;
  std::uint64_t merges = 0;
  std::uint64_t publications = 0;
  std::uint64_t tails_kept = 0;     // unacknowledged groups that a recovery found whole
  std::uint64_t tails_dropped = 0;  // and that it did not

  Tally& operator+=(const Tally& other);
  [[nodiscard]] std::string text() const;
};

class Life {
 public:
  explicit Life(const LifeOptions& options);

  // Lives to the end, or to the first broken promise: then says what was broken, and how it came to that.
  std::optional<std::string> live();

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  // Each step notes a complaint (and returns false) when something is not as promised.
  void begin();
  void work();
  void commit(Group group);
  void seal();
  void publish();
  void stop_cleanly();
  void recover();
  bool try_open();
  void settle_pending();
  void check_promises();
  void check_reads();
  void check_window();
  void check_proofs();
  void check_everything();

  // What fails next, and what is done about a failure.
  void arm_fault(std::uint64_t operations_max);
  void crash_now();
  bool worked(const Status& status, std::string_view what);
  void note_crash(CrashKind kind);
  void free_disk();

  void trace(std::string line);
  void complain(std::string_view what, const std::string& complaint);
  [[nodiscard]] bool complained() const { return !complaint_.empty(); }
  [[nodiscard]] bool over() const { return complained() || tally_.crashes >= options_.crashes || promises_->size() >= options_.entries_max; }

  LifeOptions options_;
  Prng prng_;
  HandClock clock_;
  SimFileSystem fs_;
  Workload workload_;
  std::uint64_t fingerprint_seed_ = 0;
  std::unique_ptr<Promises> promises_;
  std::unique_ptr<log::Store> store_;
  std::optional<Group> pending_;  // handed to a commit that was not acknowledged
  UnixNanos received_last_ = 0;

  bool armed_ = false;  // an operation may fail without a crash
  bool full_ = false;   // the disk has a limit
  std::optional<CrashKind> crash_armed_;

  Tally tally_;
  std::deque<std::string> trace_;
  std::string complaint_;
};

}  // namespace stele::testing
