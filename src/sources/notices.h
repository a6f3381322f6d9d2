// What is found about sources, as events of Stele's own (docs/formats/sources.md).
#pragma once

#include <vector>

#include "event/internal_event.h"
#include "io/clock_discipline.h"
#include "sources/ledger.h"
#include "sources/registry.h"

namespace stele::sources {

event::InternalEvent event_of(const Finding& finding, const Registry& registry, UnixNanos now);

// The registry was changed: who is expected now, by digest.
event::InternalEvent registered_event(const Registry& registry, UnixNanos now);

// The server's clock is kept by somebody now, or by nobody any more; or, as a sample in between, how far off it may be.
enum class ClockNews : std::uint8_t { kChanged, kSample };
event::InternalEvent clock_event(const io::ClockDiscipline& clock, ClockNews news, UnixNanos now);

}  // namespace stele::sources
