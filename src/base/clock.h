// Time and randomness as values that are passed in, so that a run can be replayed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stele {

// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using UnixNanos = std::int64_t;

inline constexpr std::int64_t kSecond = 1'000'000'000;  // in nanoseconds

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UnixNanos now() const = 0;           // wall clock; may step
  [[nodiscard]] virtual std::int64_t monotonic() const = 0;  // nanoseconds, never goes back
};

// The machine's clocks. Lives for ever.
const Clock& system_clock();

// Fills `out` with unpredictable bytes. Thread-safe. Aborts if the system has none: no safe way on exists.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

// Fixed width of an RFC 3339 time as Stele writes it: 2026-11-23T16:20:00.123456789Z.
inline constexpr std::size_t kTimeWidth = 30;

// Writes exactly kTimeWidth characters at `out`. Years 1970 to 9999.
void format_time(UnixNanos time, char* out);
std::string format_time(UnixNanos time);

// Reads an RFC 3339 date-time (any offset, 0 to 9 fractional digits, "T" or "t", "Z" or "z", second 60 allowed
// and counted as 59.999999999). Nothing if it is not one, or lies before 1678 or after 2261.
std::optional<UnixNanos> parse_time(std::string_view text);

}  // namespace stele
