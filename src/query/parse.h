// Reads the notation that people type (docs/formats/query.md).
#pragma once

#include <string_view>

#include "base/clock.h"
#include "query/query.h"

namespace stele::query {

// What `text` means at `now`, which is not before 1970; or what is wrong with it. Errors and warnings say at which character.
QueryResult parse_query(std::string_view text, UnixNanos now);

}  // namespace stele::query
