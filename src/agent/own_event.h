// What the agent itself has to tell, as native events: they are records like others, so their numbers leave no gap.
#pragma once

#include <string>
#include <string_view>

#include "agent/stream.h"
#include "base/clock.h"

namespace stele::agent {

// The stream of such records.
inline constexpr std::string_view kOwnStream = "stele-agent";

// Who speaks: {"type":"process","id":"stele-agent[812]@web-1"}.
struct Speaker {
  std::string host;
  std::int64_t pid = 0;
};

// A JSON object as POST /api/v1/events takes it, with the action "stele.agent.<name>".
std::string own_event(const Notice& notice, const Speaker& speaker, UnixNanos time);

// Of the machine's clock, as its kernel says (adjtimex(2)).
struct ClockState {
  bool synchronised = false;
  std::uint64_t error_micros_max = 0;
};
ClockState clock_state();

}  // namespace stele::agent
