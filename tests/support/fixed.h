// What stands still or replays: a clock that is turned by hand, randomness from a seed, and how patient a build is.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "base/clock.h"
#include "support/prng.h"

namespace stele::testing {

// Sanitizers make everything many times slower: long tests take a part of their rounds then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline constexpr UnixNanos kMicrosecond = 1'000;
inline constexpr UnixNanos kMillisecond = 1'000'000;

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

}  // namespace stele::testing
