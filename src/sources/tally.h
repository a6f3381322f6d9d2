// What came of a source in a span of time, counted.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"

namespace stele::sources {

// Days of UTC since 1970-01-01, by the time of receipt.
using Day = std::int32_t;
inline constexpr UnixNanos kDayNanos = 86'400'000'000'000;
inline Day day_of(UnixNanos time) { return static_cast<Day>(time / kDayNanos); }

struct Tally {
  static constexpr std::size_t kCategories = 11;  // those of event::categories(), and behind them those without one

  std::array<std::uint64_t, kCategories + 1> by_category{};  // stored, and understood
  std::uint64_t quarantined = 0;                             // stored, and not understood
  std::uint64_t refused = 0;                                 // events that were told so
  std::uint64_t refused_requests = 0;  // whole requests that were none: how many events they held nobody knows
  std::uint64_t unattributed = 0;      // of those stored
  std::uint64_t without_origin = 0;
  std::uint64_t redacted = 0;
  std::uint64_t ahead = 0;   // event time over kSkewMax after the time of receipt
  std::uint64_t behind = 0;  // over kBehindMax before it

  [[nodiscard]] std::uint64_t stored() const;
  void add(const Tally& other);
  bool operator==(const Tally&) const = default;
};

// Clocks that are synchronised differ less.
inline constexpr UnixNanos kSkewMax = 2'000'000'000;
// What takes longer on its way is late.
inline constexpr UnixNanos kBehindMax = 300'000'000'000;

// How far the event's time stands from the time of receipt: a count each power of two of milliseconds.
class Skew {
 public:
  static constexpr std::size_t kBuckets = 40;  // up to 2^39 ms, 17 years

  // Not the least UnixNanos there is, whose opposite is none.
  void add(UnixNanos received_minus_time);
  // The upper end of the bucket that holds that share (0 to 1) of events that came after their time; nothing without events.
  [[nodiscard]] UnixNanos behind_at(double share) const;
  [[nodiscard]] UnixNanos ahead_most() const { return ahead_most_; }
  [[nodiscard]] UnixNanos behind_most() const { return behind_most_; }
  [[nodiscard]] const std::array<std::uint64_t, kBuckets>& behind() const { return behind_; }

  Skew() = default;
  Skew(std::array<std::uint64_t, kBuckets> behind, UnixNanos ahead_most, UnixNanos behind_most)
      : behind_(behind), ahead_most_(ahead_most), behind_most_(behind_most) {}

 private:
  std::array<std::uint64_t, kBuckets> behind_{};
  UnixNanos ahead_most_ = 0;
  UnixNanos behind_most_ = 0;
};

}  // namespace stele::sources
