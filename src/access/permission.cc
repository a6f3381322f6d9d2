#include "access/permission.h"

#include <algorithm>
#include <array>

namespace stele::access {
namespace {

using enum Permission;

constexpr std::array<Role, 6> kRoles{{
    {"writer", "hands in events and sees none", {kWrite, kProve}},
    {"reader", "sees entries", {kRead, kProve}},
    {"auditor",
     "sees, exports and verifies everything, the record of use too",
     {kRead, kReadWhole, kProve, kExport, kObserve},
     true},
    {"operator", "runs the server and sees no entry", {kObserve, kOperate}},
    {"admin", "gives and takes access and sees no entry", {kObserve, kGrant}},
    {"owner",
     "may do all there is to do",
     {kWrite, kRead, kReadWhole, kProve, kExport, kObserve, kOperate, kGrant, kOpenSealed, kErase},
     true},
}};

}  // namespace

std::string_view permission_name(Permission permission) {
  switch (permission) {
    case kWrite: return "write";
    case kRead: return "read";
    case kReadWhole: return "read whole";
    case kProve: return "prove";
    case kExport: return "export";
    case kObserve: return "observe";
    case kOperate: return "operate";
    case kGrant: return "grant";
    case kOpenSealed: return "open sealed values of";
    case kErase: return "erase values of";
  }
  return "use";
}

std::span<const Role> roles() { return kRoles; }

const Role* find_role(std::string_view name) {
  const auto it = std::ranges::find(kRoles, name, &Role::name);
  return it == kRoles.end() ? nullptr : &*it;
}

}  // namespace stele::access
