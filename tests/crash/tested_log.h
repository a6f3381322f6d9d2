// A log on a simulated disk, held against its promises after everything that happens to it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crash/kept_values.h"
#include "crash/promises.h"
#include "crash/test_log.h"
#include "crash/workload.h"
#include "log/store.h"
#include "support/prng.h"
#include "support/sim_fs.h"

namespace stele::testing {

struct TestedLogOptions {
  std::uint64_t seed = 1;
  log::StoreOptions store = small_options();
  bool reorder_names = false;
  bool stale_garbage = false;
  bool plain_at_first = false;  // its first two openings
};

// What happened, over many logs.
struct Tally {
  std::uint64_t crashes = 0;  // of these:
  std::uint64_t kills = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t in_recovery = 0;
  std::uint64_t power_cuts_upon_kill = 0;

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
  std::uint64_t tails_dropped = 0;  // and those that it did not find

  Tally& operator+=(const Tally& other);
  [[nodiscard]] std::string text() const;
};

// The log is open or not. What fails while it is open closes it; that is no complaint as long as it was brought about.
// The first complaint stays; after it nothing more is worth looking at.
class TestedLog {
 public:
  explicit TestedLog(const TestedLogOptions& options);

  // A log with `entries` entries on a disk that works, open.
  void create(std::uint64_t entries = 0);

  [[nodiscard]] bool is_open() const { return store_ != nullptr; }
  [[nodiscard]] const Promises& promises() const { return *promises_; }
  [[nodiscard]] HandClock& clock() { return clock_; }
  [[nodiscard]] std::uint64_t operations() const { return fs_.operations(); }
  [[nodiscard]] const Tally& tally() const { return tally_; }

  // Work, while it is open.
  void commit(std::uint64_t entries_max = 600);
  // That many small entries in one batch.
  void commit_small(std::uint64_t entries);
  // Up to a whole number of bundles, so that all of it can be sealed.
  void commit_to_bundle_end();
  void seal();
  void publish();
  // One of the values that were kept apart, perhaps one that was erased before.
  void erase_value();
  void stop_cleanly();
  void close() { store_.reset(); }

  // Opens it and looks at all that was promised in passing. False when it did not open.
  bool open();
  // At the end, on a disk that works again: every byte, root and stored hash.
  void check_everything();

  // What will fail. A crash or a failure comes once, in the n-th operation from now that could (1: the next).
  void arm_crash(std::uint64_t n, CrashKind kind);
  void arm_failure(Op op, std::uint64_t n);
  void limit_space(std::uint64_t bytes_left);
  void free_space();
  [[nodiscard]] bool is_armed() const { return crash_armed_ || failure_armed_ || full_; }
  [[nodiscard]] bool is_full() const { return full_; }
  // A crash between two operations.
  void crash(CrashKind kind);

  [[nodiscard]] bool complained() const { return !complaint_.empty(); }
  // The complaint, and how it came to that.
  [[nodiscard]] std::string report() const;

 private:
  void commit_group(Group group);
  bool worked(const Status& status, std::string_view what);
  void note_crash(CrashKind kind);
  void settle_pending();
  void check_promises();
  void check_reads();
  void check_window();
  void check_proofs();
  void check_published(std::uint64_t size);
  void check_tree_files();
  void trace(std::string line);
  void complain(std::string_view what, const std::string& complaint);

  TestedLogOptions options_;
  Prng prng_;
  HandClock clock_;
  SimFileSystem fs_;
  Workload workload_;
  std::uint64_t fingerprint_seed_ = 0;
  std::unique_ptr<Promises> promises_;
  KeptValues values_;
  std::unique_ptr<log::Store> store_;
  std::optional<Group> pending_;  // handed to a commit that was not acknowledged
  UnixNanos received_last_ = 0;

  bool failure_armed_ = false;
  bool full_ = false;
  std::optional<CrashKind> crash_armed_;
  std::optional<CrashKind> crashed_last_;  // since it was open

  Tally tally_;
  std::deque<std::string> trace_;
  std::string complaint_;
};

}  // namespace stele::testing
