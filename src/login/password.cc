#include "login/password.h"

#include <argon2.h>

#include <array>

#include "base/json_text.h"

namespace stele::login {
namespace {

constexpr std::uint32_t kPasses = 3;
constexpr std::uint32_t kMemoryKib = 1U << 16;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kPasswordBytesMax = 1'024;
constexpr std::size_t kCharactersMin = 12;

// Of a password that nobody has: so that whoever is not known costs as much as whoever is.
constexpr const char* kNobodys =
    "$argon2id$v=19$m=65536,t=3,p=1$c3RlbGUgbm9ib2R5J3Mgcw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1U : 0U;
  return count;
}

}  // namespace

const char* nobodys_hash() { return kNobodys; }

Status check_password(const std::string& password) {
  if (!is_utf8(password)) return invalid("the password is not UTF-8");
  if (characters(password) < kCharactersMin) return invalid("a password has 12 characters at least: some words do");
  if (password.size() > kPasswordBytesMax) return invalid("a password has 1,024 bytes at most");
  return {};
}

Result<std::string> hash_password(const std::string& password, Random& random) {
  std::array<std::uint8_t, kSaltBytes> salt{};
  random.fill(salt);
  std::string text(argon2_encodedlen(kPasses, kMemoryKib, kLanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  const int code = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(), salt.data(), salt.size(),
                                         kHashBytes, text.data(), text.size());
  if (code != ARGON2_OK) return unavailable(std::string("a password cannot be hashed now: ") + argon2_error_message(code));
  text.resize(text.find('\0'));
  return text;
}

bool is_password(const std::string& password, const std::string& hash) {
  if (password.size() > kPasswordBytesMax) return false;
  return argon2id_verify(hash.empty() ? kNobodys : hash.c_str(), password.data(), password.size()) == ARGON2_OK && !hash.empty();
}

}  // namespace stele::login
