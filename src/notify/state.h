// notify.json: how far each destination was told, over restarts (docs/formats/data-directory.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "notify/outbox.h"

namespace stele::notify {

// What no destination's outbox holds yet is in the log from `next` on.
struct State {
  std::string log;                         // id of the log, in hexadecimal
  std::uint64_t next = 0;                  // entries before it were looked at
  std::map<std::string, Outbox> outboxes;  // by the destination's key
};

std::string state_json(const State& state);

// kInvalid for anything else than state_json() writes. The outboxes get `quiet_nanos`.
Result<State> parse_state(std::string_view json, std::int64_t quiet_nanos);

}  // namespace stele::notify
