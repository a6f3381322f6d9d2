// Who the process is, and which privileges of root it keeps.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace stele::confine {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// kNotFound when the machine does not know the name.
Result<User> find_user(const std::string& name);

[[nodiscard]] bool is_root();

// The process becomes `user` with the groups he has, for good, and of its capabilities it keeps those in `kept` (CAP_… of
// linux/capability.h) that it has, alone; nor does it get others by running a program. Without a user it stays who it is. Called
// while it has one thread. Only root becomes somebody else: kDenied. kIo when the system refuses; then the process is to end.
Status limit_privileges(const std::optional<User>& user, const std::vector<int>& kept);

}  // namespace stele::confine
