// What did not become an entry of its own as it came, and came through a door that cannot say so: visible, counted.
#pragma once

#include <cstdint>
#include <string_view>

#include "apart/keeper.h"
#include "base/clock.h"
#include "collect/sender.h"
#include "event/entry.h"

namespace stele::collect {

// Adds an entry whose action is "stele.quarantined". It holds `bytes`, or the first 8 KiB of them where even `keeper` finds no
// place for all, how long the whole was on the wire, and why; and what its sender said of it, so that it
// fills its place in a sequence and is known when it is sent again. Cannot fail.
void add_quarantined(event::EntryBatch& batch, const apart::Keeper& keeper, std::string_view door, std::string_view why,
                     std::string_view bytes, std::uint64_t length, UnixNanos now, const Sender& sender = {});

// Adds an entry whose action is "stele.repeated": what its sender numbers so is there as entry `index`, under another number. It
// fills its place in the sequence. Cannot fail.
void add_repeat(event::EntryBatch& batch, const apart::Keeper& keeper, std::string_view door, std::uint64_t index, UnixNanos now,
                const Sender& sender);

}  // namespace stele::collect
