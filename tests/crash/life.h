// One log's life on a disk that fails: work, a crash, a recovery (which crashes too), and so on. All of it follows from
// the seed.
#pragma once

#include <cstdint>

#include "crash/tested_log.h"
#include "support/prng.h"

namespace stele::testing {

struct LifeOptions {
  TestedLogOptions log;
  std::uint64_t crashes = 150;        // after which it ends
  std::uint64_t entries_first = 0;    // stored before anything fails
  std::uint64_t entries_max = 6'000;  // at which it ends
};

class Life {
 public:
  explicit Life(const LifeOptions& options) : options_(options), prng_(mix64(options.log.seed, 12)), log_(options.log) {}

  // Lives to the end, or to the first broken promise.
  void live();

  [[nodiscard]] const TestedLog& log() const { return log_; }

 private:
  void work();
  void recover();
  void arm_fault(std::uint64_t operations_max);
  [[nodiscard]] CrashKind any_kind() { return prng_.chance(1, 2) ? CrashKind::kKill : CrashKind::kPower; }
  [[nodiscard]] bool is_over() const;

  LifeOptions options_;
  Prng prng_;
  TestedLog log_;
  std::uint64_t recovery_operations_ = 24;  // what the last one took
};

}  // namespace stele::testing
