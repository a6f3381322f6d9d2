#include "login/totp.h"

#include <algorithm>
#include <array>

#include "crypto/hmac.h"

namespace stele::login {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kSecretBytes = 20;
constexpr std::size_t kDigits = 6;

// Nothing when it is no base 32.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 5U | static_cast<std::uint32_t>(digit)) & 0xfffU;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xffU));
  }
  return out;
}

}  // namespace

std::string make_totp_secret(Random& random) {
  std::array<std::uint8_t, kSecretBytes> bytes{};
  random.fill(bytes);
  std::string out;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
    unsigned digit = 0;
    for (std::size_t i = bit; i < bit + 5; ++i) digit = digit << 1U | (bytes.at(i / 8) >> (7 - i % 8) & 1U);
    out += kAlphabet[digit];
  }
  return out;
}

std::string totp_uri(std::string_view user, std::string_view secret) {
  return "otpauth://totp/Stele:" + std::string(user) + "?secret=" + std::string(secret) + "&issuer=Stele";
}

// RFC 4226, section 5.3.
std::string totp_code(std::string_view secret, std::uint64_t step) {
  const auto key = decode(secret);
  if (!key || key->empty()) return {};
  std::array<std::uint8_t, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i) counter.at(i) = static_cast<std::uint8_t>(step >> (56 - 8 * i));
  const auto mac = crypto::hmac_sha1(as_byte_span(*key), std::as_bytes(std::span(counter)));
  const std::size_t offset = mac.back() & 0xfU;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8U | mac.at(offset + i);
  std::string out(kDigits, '0');
  number &= 0x7fffffffU;
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, number /= 10) *digit = static_cast<char>('0' + number % 10);
  return out;
}

std::optional<std::uint64_t> find_totp_step(std::string_view secret, std::string_view code, UnixNanos now, std::uint64_t last) {
  std::optional<std::uint64_t> found;
  const std::uint64_t middle = totp_step(now);
  for (const std::uint64_t step : {middle - 1, middle, middle + 1}) {
    const std::string right = totp_code(secret, step);
    if (!right.empty() && crypto::equal_in_constant_time(as_byte_span(right), as_byte_span(code)) && step > last && !found)
      found = step;
  }
  return found;
}

}  // namespace stele::login
