// A span of whole days of UTC.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sources/tally.h"

namespace stele::sources {

struct Period {
  Day from = 0;
  Day to = 0;  // included
};

// "2026-11-26", "2026-11", "2026-10-01..2026-12-31", "30d" (that many days, today the last). kInvalid says what there is.
Result<Period> parse_period(std::string_view text, UnixNanos now);

// "2026-11-26"
std::string day_text(Day day);

}  // namespace stele::sources
