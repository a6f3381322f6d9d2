#include "login/secret_text.h"

#include <array>
#include <cstdint>
#include <span>

#include "crypto/sha256.h"

namespace stele::login {

std::string make_secret_text(Random& random) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  return hex_encode(std::as_bytes(std::span(bytes)));
}

Hash hash_of_secret(std::string_view text) { return crypto::sha256(as_byte_span(text)); }

}  // namespace stele::login
