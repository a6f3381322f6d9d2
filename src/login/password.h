// Passwords, kept as Argon2id has them (RFC 9106). Pure, and slow on purpose.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace stele::login {

// kInvalid: shorter than 12 characters, longer than 1,024 bytes, or no UTF-8 (NIST SP 800-63B asks for length, and for nothing
// else).
Status check_password(const std::string& password);

// "$argon2id$v=19$m=65536,t=3,p=1$…": some 100 ms and 64 MiB. kUnavailable: there is no memory for it.
Result<std::string> hash_password(const std::string& password, Random& random);

// Whether the password is that of the hash, at the same cost. With an empty hash: no, at the same cost.
bool is_password(const std::string& password, const std::string& hash);

// The hash that stands for whoever has none: of a password that nobody has.
const char* nobodys_hash();

}  // namespace stele::login
