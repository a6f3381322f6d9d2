// What may be asked for, and the sets of it that are called roles (docs/formats/access.md). Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace stele::access {

// What a route needs. Each names one.
enum class Permission : std::uint8_t {
  kWrite,       // hand in events
  kRead,        // see entries: searches, streams, timelines, SQL, counts
  kReadWhole,   // see a log whole, byte for byte: its bundles and the hashes below level 1
  kProve,       // see checkpoints, keys and proofs
  kExport,      // take entries away as evidence
  kObserve,     // see how the server and its sources are doing
  kOperate,     // run it: indexes, configuration, retention by policy
  kGrant,       // give and take access
  kOpenSealed,  // see a value that was kept apart because it is a secret
  kErase,       // erase a value that is kept apart
};
inline constexpr std::size_t kPermissions = 10;
std::string_view permission_name(Permission permission);

class Permissions {
 public:
  constexpr Permissions() = default;
  constexpr Permissions(std::initializer_list<Permission> list) {
    for (const Permission one : list) bits_ |= bit(one);
  }
  [[nodiscard]] constexpr bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }

 private:
  static constexpr std::uint32_t bit(Permission permission) { return 1U << static_cast<unsigned>(permission); }
  std::uint32_t bits_ = 0;
};

struct Role {
  std::string_view name;
  std::string_view meaning;
  Permissions permissions;
  bool sees_audit = false;  // the log "audit" too, without being given it by name
};

// All of them, those with the least first.
std::span<const Role> roles();
// Null when there is none of that name.
const Role* find_role(std::string_view name);

}  // namespace stele::access
