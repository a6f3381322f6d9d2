#include "access/authorise.h"

namespace stele::access {

std::string_view permission_name(Permission permission) {
  switch (permission) {
    case Permission::kWrite: return "write";
    case Permission::kRead: return "read";
    case Permission::kProve: return "prove";
    case Permission::kObserve: return "observe";
    case Permission::kOpenSealed: return "open sealed values of";
    case Permission::kErase: return "erase values of";
    case Permission::kOperate: return "operate";
  }
  return "";
}

Status Authority::authorise(const Caller& caller, Permission permission, std::string_view log) const {
  if (caller.loopback || allow_remote_) return {};
  if (caller.open_door && permission == Permission::kWrite) return {};
  return Error{Code::kDenied, caller.address + " may not " + std::string(permission_name(permission)) +
                                  (log.empty() ? "" : " log " + std::string(log)) + ": only this machine may"};
}

}  // namespace stele::access
