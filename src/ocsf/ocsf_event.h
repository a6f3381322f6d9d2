// A stored entry as an event of the Open Cybersecurity Schema Framework, version 1.8.0 (docs/formats/ocsf.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::ocsf {

// The event's JSON, without white space. `index` and `log` are where the entry stands. What has no attribute in OCSF is under
// `unmapped`; where a class requires what the entry does not say, 0 or "Unknown" stands. kCorrupt where `entry` is none.
Result<std::string> ocsf_event(std::string_view entry, std::uint64_t index, std::string_view log);

}  // namespace stele::ocsf
