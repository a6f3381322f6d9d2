// A histogram of durations with fixed bounds, for Prometheus. Thread-safe, wait-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace stele {

class Histogram {
 public:
  // Upper bounds in microseconds; one more bucket takes the rest.
  static constexpr std::array<std::uint64_t, 14> kBoundsMicros{50,     100,    250,    500,     1'000,   2'500,     5'000,
                                                               10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000};

  void record(std::int64_t nanos);

  // Appends the samples in Prometheus' text format under `name`, in seconds; `labels` as in `log="main"` or empty.
  void append(std::string& out, std::string_view name, std::string_view labels) const;

 private:
  std::array<std::atomic<std::uint64_t>, kBoundsMicros.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_micros_{0};
};

}  // namespace stele
