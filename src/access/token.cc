#include "access/token.h"

#include <algorithm>
#include <array>

#include "crypto/sha256.h"

namespace stele::access {
namespace {

// Crockford's base 32: no letter that is taken for a digit.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kPrefix = "stele_";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretChars = 52;
constexpr std::size_t kCheckChars = 6;
constexpr std::size_t kIdRandomBytes = 7;
constexpr std::size_t kTextBytes = kPrefix.size() + kTokenIdBytes + 1 + kSecretChars + kCheckChars;

bool is_digit(char c) {
  static constexpr std::array<bool, 256> kDigits = [] {
    std::array<bool, 256> out{};
    for (const char one : kAlphabet) out[static_cast<unsigned char>(one)] = true;
    return out;
  }();
  return kDigits[static_cast<unsigned char>(c)];
}

// The first `chars` digits of the bytes, five bits each, the last filled up with zeros.
std::string base32(std::span<const std::uint8_t> bytes, std::size_t chars) {
  std::string out;
  for (std::size_t i = 0; i < chars; ++i) {
    unsigned digit = 0;
    for (std::size_t bit = i * 5; bit < i * 5 + 5; ++bit) {
      const unsigned one = bit / 8 < bytes.size() ? bytes[bit / 8] >> (7 - bit % 8) & 1U : 0U;
      digit = digit << 1 | one;
    }
    out += kAlphabet[digit];
  }
  return out;
}

std::string check_of(std::string_view text) { return base32(crypto::sha256(as_byte_span(text)), kCheckChars); }

}  // namespace

NewToken make_token(Random& random) {
  std::array<std::uint8_t, kIdRandomBytes> id;
  std::array<std::uint8_t, kSecretBytes> secret;
  random.fill(id);
  random.fill(secret);
  NewToken token;
  token.id = base32(id, kTokenIdBytes);
  token.text = std::string(kPrefix) + token.id + "_" + base32(secret, kSecretChars);
  token.text += check_of(token.text);
  token.digest = crypto::sha256(as_byte_span(token.text));
  return token;
}

std::optional<ShownToken> read_token(std::string_view text) {
  if (text.size() != kTextBytes || !text.starts_with(kPrefix)) return std::nullopt;
  const std::string_view id = text.substr(kPrefix.size(), kTokenIdBytes);
  const std::string_view rest = text.substr(kPrefix.size() + kTokenIdBytes);
  const auto plain = [](std::string_view part) { return std::ranges::all_of(part, &is_digit); };
  if (!plain(id) || rest[0] != '_' || !plain(rest.substr(1))) return std::nullopt;
  return ShownToken{std::string(id), crypto::sha256(as_byte_span(text))};
}

bool is_whole_token(std::string_view text) {
  return text.size() == kTextBytes &&
         check_of(text.substr(0, text.size() - kCheckChars)) == text.substr(text.size() - kCheckChars);
}

bool same_digest(const Hash& a, const Hash& b) {
  unsigned differing = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differing |= static_cast<unsigned>(a[i] ^ b[i]);
  return differing == 0;
}

}  // namespace stele::access
