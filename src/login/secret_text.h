// Texts that are told once and kept as hashes: cookies, invitations.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace stele::login {

// 256 random bits, 64 hexadecimal digits: so much that a fast hash keeps them from being guessed.
std::string make_secret_text(Random& random);

// SHA-256, as which it is kept.
Hash hash_of_secret(std::string_view text);

}  // namespace stele::login
