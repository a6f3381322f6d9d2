// What is found about sources, as events of Stele's own (docs/formats/sources.md).
#pragma once

#include <vector>

#include "event/internal_event.h"
#include "sources/ledger.h"
#include "sources/registry.h"

namespace stele::sources {

event::InternalEvent event_of(const Finding& finding, const Registry& registry, UnixNanos now);

// The registry was changed: who is expected now, by digest.
event::InternalEvent registered_event(const Registry& registry, UnixNanos now);

}  // namespace stele::sources
