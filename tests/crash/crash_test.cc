// Lives of logs on disks that fail, 100,000 crashes in all and more. A failure prints the seed that brings it back:
//   STELE_CRASH_SEED=<seed> tests_crash --gtest_filter=<case>
// STELE_CRASH_COUNT sets how many crashes each case goes through.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "crash/life.h"

namespace stele::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSlower = 25;
#else
constexpr std::uint64_t kSlower = 1;
#endif

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? otherwise : parse_decimal(value).value_or(otherwise);
}

// Lives from successive seeds until there were `crashes`.
template <typename MakeOptions>
Tally live_through(std::uint64_t crashes, MakeOptions make) {
  const std::uint64_t seed_first = from_environment("STELE_CRASH_SEED", 1);
  const std::uint64_t count = from_environment("STELE_CRASH_COUNT", crashes / kSlower);
  Tally tally;
  for (std::uint64_t seed = seed_first; tally.crashes < count; ++seed) {
    Life life(make(seed));
    const auto broken = life.live();
    tally += life.tally();
    if (!broken) continue;
    const std::string name = std::string("Crash.") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ADD_FAILURE() << "STELE_CRASH_SEED=" << seed << " --gtest_filter=" << name << "\n" << *broken;
    break;
  }
  std::printf("%s\n", tally.text().c_str());
  ::testing::Test::RecordProperty("tally", tally.text());
  return tally;
}

LifeOptions options_of(std::uint64_t seed) {
  LifeOptions options;
  options.seed = seed;
  Prng prng(mix64(seed, 20));
  options.store.seal_bytes = 20'000 + prng.below(150'000);
  options.store.seal_age = static_cast<UnixNanos>(1 + prng.below(60)) * kSecond;
  options.store.window_span = static_cast<UnixNanos>(1 + prng.below(90)) * kSecond;
  options.store.window_keys_max = 30 + prng.below(3'000);
  options.store.journal.file_bytes_max = (16U + prng.below(48)) << 10;
  return options;
}

// Goal: on a disk that keeps names in order and shows zeros where nothing was written, no promise is ever broken.
TEST(Crash, breaks_no_promise) {
  live_through(35'000, options_of);
}

// Goal: the same where unsynced names survive in any order.
TEST(Crash, breaks_no_promise_when_names_are_reordered) {
  live_through(35'000, [](std::uint64_t seed) {
    LifeOptions options = options_of(seed);
    options.reorder_names = true;
    return options;
  });
}

// Goal: the same where new space shows what was there before, also whole frames of removed journal files.
TEST(Crash, breaks_no_promise_when_new_space_holds_stale_bytes) {
  live_through(35'000, [](std::uint64_t seed) {
    LifeOptions options = options_of(seed);
    options.stale_garbage = true;
    options.reorder_names = seed % 2 == 0;
    return options;
  });
}

// Goal: the same about the first full tile, where many segments become one.
TEST(Crash, breaks_no_promise_while_segments_are_merged) {
  live_through(1'500, [](std::uint64_t seed) {
    LifeOptions options = options_of(seed);
    options.entries_first = 64'500;
    options.entries_max = 68'000;
    options.store.seal_bytes = 700'000;
    options.store.window_span = seed % 4 == 0 ? 60 * kSecond : kSecond;
    options.reorder_names = seed % 2 == 0;
    return options;
  });
}

}  // namespace
}  // namespace stele::testing
