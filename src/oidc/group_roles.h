// Which role the groups of a provider give: a file (docs/formats/access.md). Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace stele::oidc {

inline constexpr std::size_t kGroupRolesBytesMax = 1U << 20;

struct GroupRole {
  std::string group;
  std::string role;
  std::vector<std::string> logs;  // empty: every log
};

class GroupRoles {
 public:
  GroupRoles() = default;
  // kInvalid names file and line. `file` is for errors alone.
  static Result<GroupRoles> parse(const std::string& yaml, const std::string& file);

  [[nodiscard]] const std::vector<GroupRole>& all() const { return all_; }
  // The first, in the order of the file, of whose group he is. Null: none.
  [[nodiscard]] const GroupRole* of(const std::vector<std::string>& groups) const;

 private:
  std::vector<GroupRole> all_;
};

}  // namespace stele::oidc
