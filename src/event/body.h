// A request body with one event or many: where each stands.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::event {

// The texts of the events in `body`: the elements of an array, the lines of NDJSON, or the one object. What is between
// them is checked; each text is for Intake to check. `lines`: the sender says it is NDJSON. Blank lines are skipped.
// kInvalid when the body is none of these; kTooLarge with more than `events_max`.
Result<std::vector<std::string_view>> split_events(std::string_view body, bool lines, std::size_t events_max);

}  // namespace stele::event
