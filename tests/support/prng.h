// Repeatable randomness for tests: the same seed gives the same run on every machine.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stele::testing {

// The finaliser of splitmix64: a bijection that scatters neighbouring inputs. For a stateless draw, hash a salt and
// what the draw is about: mix64(salt ^ mix64(sector)).
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

constexpr std::uint64_t mix64(std::uint64_t salt, std::uint64_t about) { return mix64(salt ^ mix64(about)); }

// xoshiro256**, seeded by splitmix64 (Blackman and Vigna). Not thread-safe, not for secrets.
class Prng {
 public:
  explicit constexpr Prng(std::uint64_t seed) {
    for (auto& word : state_) {
      word = mix64(seed);
      seed += 0x9e3779b97f4a7c15U;
    }
  }

  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // A number in [0, n), as good as uniform for small n; 0 when n is 0.
  constexpr std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : next() % n; }
  // True `k` times in `of`.
  constexpr bool chance(std::uint64_t k, std::uint64_t of) { return below(of) < k; }

  constexpr void fill(std::span<std::byte> out) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 8 == 0) word = next();
      out[i] = static_cast<std::byte>(word & 0xff);
      word >>= 8;
    }
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace stele::testing
