// Grants and roles as entries of the log "audit", there and back: stele.token.created, stele.role.defined and so on
// (docs/formats/access.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/grants.h"
#include "audit/doer.h"
#include "event/internal_event.h"

namespace stele::audit {

event::InternalEvent created_event(const access::Grant& grant, const Doer& doer);
// Of a grant whose `revoked` is set.
event::InternalEvent revoked_event(const access::Grant& grant, const Doer& doer);
// `before` is what the role was; null: there was none.
event::InternalEvent role_defined_event(const access::Role& role, const access::Role* before, const Doer& doer, UnixNanos now);
event::InternalEvent role_removed_event(const access::Role& role, const Doer& doer, UnixNanos now);

// What an entry says of grants and roles.
struct GrantChange {
  enum class Kind : std::uint8_t { kCreated, kRevoked, kRoleDefined, kRoleRemoved };
  Kind kind = Kind::kCreated;
  access::Grant grant;  // of kCreated whole; of kRevoked its holder, id, `revoked` and `revoked_by`
  access::Role role;    // of kRoleDefined whole; of kRoleRemoved its name
};
// Nothing when the entry is about something else. kCorrupt when it is about a grant or a role and cannot be read.
Result<std::optional<GrantChange>> read_grant_change(std::string_view entry);

// "read,prove", there and back; nothing where one of them is none.
std::string permissions_text(access::Permissions permissions);
std::optional<access::Permissions> parse_permissions(std::string_view text);

}  // namespace stele::audit
