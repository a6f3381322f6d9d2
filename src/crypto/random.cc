#include "crypto/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace stele::crypto {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;  // RAND_bytes counts in int

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const std::size_t n = std::min(out.size(), kChunk);
      if (RAND_bytes(out.data(), static_cast<int>(n)) != 1) {
        std::fputs("stele: the system has no randomness (RAND_bytes failed)\n", stderr);
        std::abort();
      }
      out = out.subspan(n);
    }
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace stele::crypto
