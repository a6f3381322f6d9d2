// Reads the notation that programs send (docs/formats/query.md, "As JSON").
#pragma once

#include <string_view>

#include "base/clock.h"
#include "query/query.h"

namespace stele::query {

// What the JSON text means at `now`, which is not before 1970; or what is wrong with it. Messages begin with the JSON pointer
// (RFC 6901) of what they are about, but for the document as a whole.
QueryResult parse_document(std::string_view json, UnixNanos now);

}  // namespace stele::query
