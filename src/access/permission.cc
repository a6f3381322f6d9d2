#include "access/permission.h"

#include <algorithm>
#include <array>

#include "base/json_text.h"
#include "base/list_text.h"

namespace stele::access {
namespace {

using enum Permission;

struct PermissionText {
  std::string_view id;
  std::string_view name;
};
constexpr std::array<PermissionText, kPermissions> kTexts{{{"write", "write"},
                                                           {"read", "read"},
                                                           {"read-whole", "read whole"},
                                                           {"prove", "prove"},
                                                           {"export", "export"},
                                                           {"observe", "observe"},
                                                           {"operate", "operate"},
                                                           {"grant", "grant"},
                                                           {"open-sealed", "open sealed values of"},
                                                           {"erase", "erase values of"}}};

const std::array<Role, 6> kRoles{{
    {"writer", "hands in events and sees none", {kWrite, kProve}, false, {}},
    {"reader", "sees entries", {kRead, kProve}, false, {}},
    {"auditor",
     "sees, exports and verifies everything, the record of use too",
     {kRead, kReadWhole, kProve, kExport, kObserve},
     true,
     {}},
    {"operator", "runs the server and sees no entry", {kObserve, kOperate}, false, {}},
    {"admin", "gives and takes access and sees no entry", {kObserve, kGrant}, false, {}},
    {"owner",
     "may do all there is to do",
     {kWrite, kRead, kReadWhole, kProve, kExport, kObserve, kOperate, kGrant, kOpenSealed, kErase},
     true,
     {}},
}};

}  // namespace

std::string_view permission_name(Permission permission) { return kTexts[static_cast<std::size_t>(permission)].name; }
std::string_view permission_id(Permission permission) { return kTexts[static_cast<std::size_t>(permission)].id; }

std::optional<Permission> find_permission(std::string_view id) {
  const auto it = std::ranges::find(kTexts, id, &PermissionText::id);
  return it == kTexts.end() ? std::nullopt : std::optional(static_cast<Permission>(it - kTexts.begin()));
}

std::span<const Role> shipped_roles() { return kRoles; }

const Role* find_shipped_role(std::string_view name) {
  const auto it = std::ranges::find(kRoles, name, &Role::name);
  return it == kRoles.end() ? nullptr : &*it;
}

Status check_role(const Role& role) {
  constexpr std::size_t kRoleNameBytesMax = 64;
  constexpr std::size_t kMeaningBytesMax = 256;
  constexpr std::size_t kMaskedMax = 64;
  constexpr std::size_t kPathBytesMax = 256;
  if (role.name.empty() || role.name.size() > kRoleNameBytesMax ||
      role.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    return invalid("the name of a role is 1 to 64 lowercase letters, digits and -");
  if (find_shipped_role(role.name) != nullptr) return invalid("the role " + role.name + " is shipped, and stays as it is");
  if (role.meaning.size() > kMeaningBytesMax || !is_line(role.meaning))
    return invalid("meaning is at most 256 bytes of UTF-8 without control characters");
  if (role.permissions.is_empty()) return invalid("permissions is needed: one or more of them, with commas between");
  if (role.masked.empty()) return {};
  if (role.masked.size() > kMaskedMax || join(role.masked).size() > kListBytesMax)
    return invalid("at most 64 fields are masked, of 4,000 bytes together; one of them stands for all below it");
  for (const std::string& path : role.masked) {
    if (path.empty() || path.size() > kPathBytesMax || !is_line(path) || path.find_first_of(",") != std::string::npos ||
        path.find("\uFFFD") != std::string::npos)
      return invalid("masked has the names of fields, each at most 256 bytes, with commas between");
    if (path == "time") return invalid("masked: when an event happened is not masked; the log is ordered by it");
  }
  if (!role.permissions.has(kRead)) return invalid("masked is for roles that read");
  for (std::size_t i = 0; i < kPermissions; ++i) {
    const auto one = static_cast<Permission>(i);
    if (role.permissions.has(one) && kTellsMasked.has(one))
      return invalid("a role with masked fields cannot have the permission " + std::string(permission_id(one)) +
                     ", with which it could find out what they say");
  }
  return {};
}

}  // namespace stele::access
