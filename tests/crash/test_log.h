// A log for tests: a key from a seed, a clock that is turned by hand, randomness that replays.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "log/store.h"
#include "support/prng.h"

namespace stele::testing {

inline constexpr UnixNanos kMicrosecond = 1'000;
inline constexpr UnixNanos kMillisecond = 1'000'000;
inline constexpr UnixNanos kSecond = 1'000'000'000;

// Stands still until it is turned. Thread-safe.
class HandClock final : public Clock {
 public:
  [[nodiscard]] UnixNanos now() const override { return now_; }
  [[nodiscard]] std::int64_t monotonic() const override { return monotonic_; }
  void advance(std::int64_t nanos) {
    now_ += nanos;
    monotonic_ += nanos;
  }
  // The wall clock alone, also backwards.
  void step(std::int64_t nanos) { now_ += nanos; }

 private:
  std::atomic<UnixNanos> now_ = 1'795'000'000 * kSecond;  // 2026-11-18
  std::atomic<std::int64_t> monotonic_ = kSecond;
};

// Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : prng_(seed) {}
  void fill(std::span<std::uint8_t> out) override { prng_.fill(std::as_writable_bytes(out)); }

 private:
  Prng prng_;
};

// Creates a log in `dir`; what it is depends on `seed` alone.
Result<log::Identity> create_test_log(io::FileSystem& fs, const std::string& dir, std::uint64_t seed);

// Opens it as a server does. The clock must outlive the store.
Result<std::unique_ptr<log::Store>> open_test_log(io::FileSystem& fs, const std::string& dir, const log::StoreOptions& options,
                                                  const Clock& clock);

// Journal files of a few blocks and segments of a few bundles, so that everything that happens in a year happens at once.
log::StoreOptions small_options();

}  // namespace stele::testing
