// What waits for a second person, as entries of the log "audit" (docs/formats/access.md). Pure.
#pragma once

#include "access/approvals.h"
#include "audit/doer.h"
#include "event/internal_event.h"

namespace stele::audit {

enum class ApprovalStep : std::uint8_t { kAsked, kGiven, kRefused, kUsed };

event::InternalEvent approval_event(ApprovalStep step, const access::Approval& approval, const Doer& doer, UnixNanos now);

}  // namespace stele::audit
