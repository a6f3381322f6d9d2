// Times as queries write them (docs/formats/query.md).
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace stele::query {

// What a written time stands for: all of a day, a minute, a second or the part of it that it is precise to.
struct Moment {
  UnixNanos first = 0;
  UnixNanos end = 0;      // the first moment that is behind it
  bool relative = false;  // counted back from now, or `now`
};

// A date, a date with hours and minutes, RFC 3339 with or without a zone (UTC), `now`, or what lies so far back from `now`:
// 30d, 12h, 15m, 90s, 2w. Case is ignored. Nothing for anything else. `now` is not before 1970.
std::optional<Moment> parse_moment(std::string_view text, UnixNanos now);

}  // namespace stele::query
