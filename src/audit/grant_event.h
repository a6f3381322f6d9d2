// Grants as entries of the log "audit", there and back: stele.token.created, stele.user.revoked and so on
// (docs/formats/access.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/grants.h"
#include "event/internal_event.h"

namespace stele::audit {

// Who did it, as the entry is to say.
struct Doer {
  std::string identity;  // access::Identity::text
  std::string name;
  std::string address;  // "203.0.113.9"; empty where there is none
};

event::InternalEvent created_event(const access::Grant& grant, const Doer& doer);
// Of a grant whose `revoked` is set.
event::InternalEvent revoked_event(const access::Grant& grant, const Doer& doer);

// What an entry says of a grant.
struct GrantChange {
  access::Grant grant;   // whole where it was created
  bool revoked = false;  // then its holder, id, `revoked` and `revoked_by` alone are set
};
// Nothing when the entry is about something else. kCorrupt when it is about a grant and cannot be read.
Result<std::optional<GrantChange>> read_grant_change(std::string_view entry);

}  // namespace stele::audit
