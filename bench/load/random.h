// Pseudo-random numbers that are the same on every machine, and draws by rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stele::bench {

// Finaliser of splitmix64: spreads the bits of `value`.
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

// splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    const std::uint64_t value = mix(state_);
    state_ += 0x9e3779b97f4a7c15U;
    return value;
  }

  // Uniform below `bound` (which is far below 2^32: the bias does not matter).
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>((next() >> 32U) * bound >> 32U); }

  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  // Exponentially distributed with this mean.
  double exponential(double mean);

 private:
  std::uint64_t state_;
};

// Zipf's law: rank r (from 0) is drawn with a probability proportional to 1 / (r + 1)^exponent.
class Zipf {
 public:
  Zipf(std::size_t ranks, double exponent);
  std::size_t draw(Random& random) const;

 private:
  std::vector<double> cumulative_;
};

}  // namespace stele::bench
