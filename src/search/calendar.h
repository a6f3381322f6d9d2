// Times cut into minutes, days, months, of UTC.
#pragma once

#include <cstdint>
#include <string>

#include "search/aggregate.h"

namespace stele::search {

// Where the unit begins that `time` lies in, nanoseconds since 1970.
std::int64_t unit_begin(std::int64_t time, TimeUnit unit);

// How long the shortest of these units is, in nanoseconds.
std::int64_t unit_least(TimeUnit unit);

// "2026-11", "2026-11-23", "2026-11-23T16:20Z": as long as the unit needs.
std::string unit_text(std::int64_t begin, TimeUnit unit);

}  // namespace stele::search
