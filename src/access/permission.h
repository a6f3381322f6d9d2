// What may be asked for, and the sets of it that are called roles (docs/formats/access.md). Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

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
std::string_view permission_name(Permission permission);  // as it stands in a sentence: "open sealed values of"
std::string_view permission_id(Permission permission);    // as it is written down: "open-sealed"
std::optional<Permission> find_permission(std::string_view id);

class Permissions {
 public:
  constexpr Permissions() = default;
  constexpr Permissions(std::initializer_list<Permission> list) {
    for (const Permission one : list) bits_ |= bit(one);
  }
  [[nodiscard]] constexpr bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }
  constexpr void add(Permission permission) { bits_ |= bit(permission); }
  [[nodiscard]] constexpr bool has_any(Permissions other) const { return (bits_ & other.bits_) != 0; }
  [[nodiscard]] constexpr bool is_empty() const { return bits_ == 0; }
  friend bool operator==(const Permissions&, const Permissions&) = default;

 private:
  static constexpr std::uint32_t bit(Permission permission) { return 1U << static_cast<unsigned>(permission); }
  std::uint32_t bits_ = 0;
};

// What a policy may demand a second person for.
inline constexpr Permissions kGuardedActs{Permission::kGrant, Permission::kOpenSealed, Permission::kErase};

struct Role {
  std::string name;
  std::string meaning;
  Permissions permissions;
  bool sees_audit = false;          // the log "audit" too, without being given it by name
  std::vector<std::string> masked;  // paths of fields that it does not see, nor what stands below them

  friend bool operator==(const Role&, const Role&) = default;
};

// Those that there are everywhere, those with the least first. Live for ever.
std::span<const Role> shipped_roles();
// Null when there is none of that name.
const Role* find_shipped_role(std::string_view name);

// What a role with masked fields cannot have. A proof and a receipt hold the hash of an entry of which all but what is masked is
// shown: whoever has it can try what that may be.
inline constexpr Permissions kTellsMasked{Permission::kWrite, Permission::kReadWhole,  Permission::kProve, Permission::kExport,
                                          Permission::kGrant, Permission::kOpenSealed, Permission::kErase};
inline constexpr std::size_t kListBytesMax = 4'000;  // of a list that is to stand in an entry whole

// kInvalid says what of a role that somebody defines cannot be so. It does not take the name of a shipped one.
Status check_role(const Role& role);

}  // namespace stele::access
