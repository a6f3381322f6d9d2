#include "crash/life.h"

#include <array>

namespace stele::testing {

void Life::live() {
  log_.create(options_.entries_first);
  while (!is_over()) {
    if (log_.is_open()) work();
    if (!is_over()) recover();
  }
  log_.check_everything();
}

bool Life::is_over() const {
  return log_.complained() || log_.tally().crashes >= options_.crashes || log_.promises().size() >= options_.entries_max;
}

// A crash, a full disk or one failure, within the next `operations_max` operations.
void Life::arm_fault(std::uint64_t operations_max) {
  const std::uint64_t at = 1 + prng_.below(operations_max);
  if (prng_.chance(3, 4)) return log_.arm_crash(at, any_kind());
  if (prng_.chance(1, 4)) return log_.limit_space(prng_.below(30'000));
  constexpr std::array kOps{Op::kCreate, Op::kWrite,  Op::kWrite,  Op::kTruncate, Op::kSync,
                            Op::kSync,   Op::kRename, Op::kRemove, Op::kSyncDir};
  const Op op = kOps[prng_.below(kOps.size())];
  log_.arm_failure(op, 1 + prng_.below(op == Op::kWrite || op == Op::kSync ? at : 1 + at / 8));
}

void Life::work() {
  if (!log_.is_armed() && prng_.chance(7, 8)) arm_fault(36);
  for (std::uint64_t steps = 4 + prng_.below(20); steps > 0 && log_.is_open() && !log_.complained(); --steps) {
    const std::uint64_t draw = prng_.below(100);
    log_.clock().advance(draw == 0 ? 40 * kSecond : static_cast<std::int64_t>(prng_.below(20 * kMillisecond)));
    if (draw == 1) log_.clock().step(-5 * kSecond);
    if (draw < 64)
      log_.commit();
    else if (draw < 70)
      log_.commit_to_bundle_end();
    else if (draw < 85)
      log_.seal();
    else if (draw < 94)
      log_.publish();
    else if (draw < 98)
      log_.erase_value();
    else
      log_.stop_cleanly();
  }
  if (log_.complained()) return;
  if (log_.is_open() && prng_.chance(1, 4)) log_.stop_cleanly();
  log_.close();
  if (log_.is_full() && prng_.chance(1, 4)) log_.free_space();
  // A log that failed is opened again by a process that lives on, or by a new one; now and then the power goes first.
  if (prng_.chance(1, 3))
    log_.crash(CrashKind::kPower);
  else if (prng_.chance(1, 4))
    log_.crash(any_kind());
}

void Life::recover() {
  for (unsigned tries = 0; !log_.complained(); ++tries) {
    // After some tries it is left alone.
    if (!log_.is_armed() && tries < 6 && prng_.chance(tries == 0 ? 2 : 3, 4)) arm_fault(recovery_operations_);
    const std::uint64_t before = log_.operations();
    if (log_.open()) {
      recovery_operations_ = log_.operations() - before + 2;
      return;
    }
    if (log_.is_full() && prng_.chance(1, 3)) log_.free_space();
    if (tries < 6 && prng_.chance(1, 4)) log_.crash(CrashKind::kPower);
  }
}

}  // namespace stele::testing
