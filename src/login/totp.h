// Codes of a telephone, by time (RFC 6238: SHA-1, six digits, steps of 30 seconds). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace stele::login {

// 160 random bits in base 32 (RFC 4648) without padding, as telephones take it.
std::string make_totp_secret(Random& random);

// What a telephone reads: "otpauth://totp/Stele:ada?secret=…&issuer=Stele". `user` has no character that a URL would escape.
std::string totp_uri(std::string_view user, std::string_view secret);

// The code of a step; empty when the secret is none.
std::string totp_code(std::string_view secret, std::uint64_t step);

constexpr std::uint64_t totp_step(UnixNanos now) { return static_cast<std::uint64_t>(now) / 30'000'000'000U; }

// Which step the code is of: that of `now`, the one before or the one after, but none up to `last`, which was used. Nothing: of
// none.
std::optional<std::uint64_t> find_totp_step(std::string_view secret, std::string_view code, UnixNanos now, std::uint64_t last);

}  // namespace stele::login
