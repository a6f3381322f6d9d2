// What is refused is written into the log before the client hears of it: received = stored + refused + quarantined.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/internal_event.h"
#include "log/sequencer.h"
#include "net/http.h"

namespace stele::api {

// "stele.refused": `events` of a request of `source`, or `requests` of which nobody knows how many events they held.
event::InternalEvent refused_event(const std::string& source, std::uint64_t events, std::uint64_t requests, std::string_view why,
                                   UnixNanos now);

// Makes the note durable, then calls `done` on the connection's thread. With an error the log did not take it: the client is then
// told that, and not that it was refused, for it is to come again.
void note_refusal(log::Sequencer& log, const event::InternalEvent& note, const net::Reply& reply,
                  std::function<void(const Status&)> done);

}  // namespace stele::api
