#include "access/identity.h"

#include <algorithm>

namespace stele::access {
namespace {

constexpr std::string_view kAuditLog = "audit";

}  // namespace

Identity Identity::nobody() {
  static const Role kNone{"nobody", "may nothing", {}, false, {}};
  return {"anonymous", "somebody unknown", &kNone, "", {""}, {}, {}};
}

bool Identity::is_for(std::string_view log) const { return logs.empty() || std::ranges::find(logs, log) != logs.end(); }

bool Identity::knows(std::string_view log, Permission permission) const {
  if (log == kAuditLog && permission == Permission::kWrite) return false;  // the server alone writes there
  if (!logs.empty()) return is_for(log);
  const bool sees_entries = permission == Permission::kRead || permission == Permission::kReadWhole ||
                            permission == Permission::kExport || permission == Permission::kOpenSealed;
  return log != kAuditLog || !sees_entries || role->sees_audit;
}

Status Identity::may(Permission permission) const {
  // Whether an event is there already is told to who writes it.
  constexpr Permissions kOfTheWhole{Permission::kWrite, Permission::kReadWhole, Permission::kGrant, Permission::kOpenSealed,
                                    Permission::kErase};
  if (role->permissions.has(permission)) {
    const bool is_kept_to_its_part = kOfTheWhole.has(permission) && !sight.is_whole();
    const bool tells_masked = kTellsMasked.has(permission) && !role->masked.empty();
    if (!is_kept_to_its_part && !tells_masked) return {};
    return Error{Code::kDenied,
                 name + " sees a part of the entries, and may not " + std::string(permission_name(permission)) + " all of them"};
  }
  std::string others;
  for (const Role& other : shipped_roles()) {
    if (other.permissions.has(permission)) others += (others.empty() ? "" : ", ") + other.name;
  }
  return Error{Code::kDenied, name + " has the role " + std::string(role->name) + ", which may not " +
                                  std::string(permission_name(permission)) + "; " + others + " may"};
}

}  // namespace stele::access
