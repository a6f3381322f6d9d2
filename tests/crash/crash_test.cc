// Logs on disks that fail: 30,000 crashes and more, and with `./x soak crash` 900,000. A failure prints the seed that brings it
// back:
//   STELE_CRASH_SEED=<seed> tests_crash --gtest_filter=<case>
// STELE_CRASH_COUNT sets how many crashes each of the random cases goes through, STELE_CRASH_STEP=1 has pairs of crashes at every
// operation.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "crash/life.h"
#include "crash/tested_log.h"
#include "crypto/random.h"
#include "support/test_ring.h"

namespace stele::testing {
namespace {

constexpr std::uint64_t kSlower = kSanitized ? 25 : 1;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? otherwise : parse_decimal(value).value_or(otherwise);
}

void expect_kept(const TestedLog& log, std::uint64_t seed) {
  if (!log.complained()) return;
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  ADD_FAILURE() << "STELE_CRASH_SEED=" << seed << " --gtest_filter=" << info->test_suite_name() << "." << info->name() << "\n"
                << log.report();
}

void tell(const Tally& tally) {
  std::printf("%s\n", tally.text().c_str());
  ::testing::Test::RecordProperty("tally", tally.text());
}

TestedLogOptions options_of(std::uint64_t seed) {
  TestedLogOptions options;
  options.seed = seed;
  Prng prng(mix64(seed, 20));
  options.store.seal_bytes = 20'000 + prng.below(150'000);
  options.store.seal_age = static_cast<UnixNanos>(1 + prng.below(60)) * kSecond;
  options.store.window_span = static_cast<UnixNanos>(1 + prng.below(90)) * kSecond;
  options.store.window_keys_max = 30 + prng.below(3'000);
  options.store.journal.first_file_bytes = std::uint64_t{4'096} << prng.below(3);
  options.store.journal.file_bytes_max = (4U + prng.below(60)) << 10;
  return options;
}

// Lives from successive seeds until there were `crashes`.
template <typename MakeOptions>
void live_through(std::uint64_t crashes, MakeOptions make) {
  const std::uint64_t count = from_environment("STELE_CRASH_COUNT", crashes / kSlower);
  Tally tally;
  for (std::uint64_t seed = from_environment("STELE_CRASH_SEED", 1); tally.crashes < count; ++seed) {
    Life life(make(seed));
    life.live();
    tally += life.log().tally();
    expect_kept(life.log(), seed);
    if (life.log().complained()) break;
  }
  tell(tally);
}

// Goal: on a disk that keeps names in order and shows zeros where nothing was written, no promise is ever broken.
TEST(Crash, breaks_no_promise) {
  live_through(8'000, [](std::uint64_t seed) { return LifeOptions{.log = options_of(seed)}; });
}

// Goal: the same where unsynced names survive in any order.
TEST(Crash, breaks_no_promise_when_names_are_reordered) {
  live_through(8'000, [](std::uint64_t seed) {
    LifeOptions options{.log = options_of(seed)};
    options.log.reorder_names = true;
    return options;
  });
}

// Goal: the same where new space shows what was there before, also whole frames of removed journal files.
TEST(Crash, breaks_no_promise_when_new_space_holds_stale_bytes) {
  live_through(8'000, [](std::uint64_t seed) {
    LifeOptions options{.log = options_of(seed)};
    options.log.stale_garbage = true;
    options.log.reorder_names = seed % 2 == 0;
    return options;
  });
}

// Goal: the same about the first full tile, where many segments become one.
TEST(Crash, breaks_no_promise_while_segments_are_merged) {
  live_through(500, [](std::uint64_t seed) {
    LifeOptions options{.log = options_of(seed), .entries_first = 64'500, .entries_max = 68'000};
    options.log.store.seal_bytes = 700'000;
    options.log.store.window_span = seed % 4 == 0 ? 60 * kSecond : kSecond;
    options.log.reorder_names = seed % 2 == 0;
    return options;
  });
}

// Goal: the same of a log that is encrypted, which is plain at first in every third life.
TEST(Crash, breaks_no_promise_when_it_is_encrypted) {
  live_through(5'000, [](std::uint64_t seed) {
    LifeOptions options{.log = options_of(seed)};
    options.log.store.ring = test_ring();
    options.log.store.random = &crypto::system_random();
    options.log.plain_at_first = seed % 3 == 0;
    options.log.stale_garbage = seed % 2 == 0;
    options.log.reorder_names = seed % 4 == 0;
    return options;
  });
}

// A log with a short history: some rounds in which everything is sealed, so that journal files are recycled, and a tail
// of up to two frames, which may follow a small sealed one in its file.
void make_history(TestedLog& log, std::uint64_t seed) {
  log.create();
  for (std::uint64_t round = 0; round < seed % 4; ++round) {
    log.commit(6);
    log.publish();
    log.commit_small(log::kBundleEntries - 3 - log.promises().size() % log::kBundleEntries);
    log.commit_to_bundle_end();
    log.clock().advance(100 * kSecond);
    log.seal();
  }
  for (std::uint64_t i = 0; i < seed / 4 % 3; ++i) log.commit_small(30);
}

// What the first crash interrupts: all that a log does, in few operations.
void work_on(TestedLog& log) {
  log.clock().advance(100 * kSecond);
  if (log.is_open()) log.commit(6);
  if (log.is_open()) log.commit_to_bundle_end();
  if (log.is_open()) log.seal();
  if (log.is_open()) log.publish();
  if (log.is_open()) log.commit_small(30);
  if (log.is_open()) log.stop_cleanly();
}

// Pairs of operations, until the first crash lies behind the work (or the first recovery) and the second behind the recovery. Of
// steps of two each of the four histories takes another quarter of the pairs.
template <typename FirstPart>
void crash_at_every_pair(FirstPart first_part) {
  const std::uint64_t step = from_environment("STELE_CRASH_STEP", kSlower > 1 ? 5 : 2);
  const std::uint64_t seed_first = from_environment("STELE_CRASH_SEED", 4);  // to 7: all kinds of tail, after up to three rounds
  const std::uint64_t seeds = std::getenv("STELE_CRASH_SEED") != nullptr ? 1 : 4;  // NOLINT(concurrency-mt-unsafe)
  Tally tally;
  for (std::uint64_t seed = seed_first; seed < seed_first + seeds; ++seed) {
    TestedLogOptions options = options_of(seed);
    options.reorder_names = seed % 2 == 1;
    options.store.journal.first_file_bytes = 16U << 10;  // room for a tail behind a frame that is sealed
    options.store.journal.file_bytes_max = 16U << 10;
    bool more = true;
    for (std::uint64_t first_at = 1 + seed % step; more; first_at += step) {
      more = false;
      for (std::uint64_t second_at = 1 + seed / 2 % step, kinds_left = 4; kinds_left > 0; second_at += step) {
        kinds_left = 0;
        for (unsigned kinds = 0; kinds < 4; ++kinds) {
          TestedLog log(options);
          make_history(log, seed);
          log.arm_crash(first_at, kinds % 2 == 0 ? CrashKind::kKill : CrashKind::kPower);
          first_part(log);
          more = more || !log.is_armed();
          const CrashKind second = kinds / 2 == 0 ? CrashKind::kPower : CrashKind::kKill;
          log.close();
          if (log.is_armed()) log.crash(second);
          log.arm_crash(second_at, second);
          (void)log.open();
          if (!log.is_armed()) ++kinds_left;
          log.check_everything();
          tally += log.tally();
          expect_kept(log, seed);
          if (log.complained()) return tell(tally);
        }
      }
    }
  }
  tell(tally);
}

// Goal: wherever in its work a log crashes, and wherever in the recovery it crashes again, no promise is broken.
TEST(Crash, breaks_no_promise_when_a_recovery_crashes) { crash_at_every_pair(work_on); }

// Goal: the same for any two recoveries one after the other: neither may take away what the other had to stand on.
TEST(Crash, breaks_no_promise_when_two_recoveries_crash) {
  crash_at_every_pair([](TestedLog& log) {
    log.close();
    (void)log.open();
  });
}

}  // namespace
}  // namespace stele::testing
