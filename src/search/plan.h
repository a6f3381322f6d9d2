// A query made ready for a log: what it says of times of receipt and ids becomes places.
#pragma once

#include <cstdint>
#include <utility>

#include "base/result.h"
#include "query/term.h"
#include "search/entry_reader.h"

namespace stele::search {

struct Plan {
  query::Term term;  // the same question for entries below `size`, the cheapest of what must hold together first
  // No entry outside [first, end) is meant.
  std::uint64_t first = 0;
  std::uint64_t end = 0;
};

// For the first `size` entries.
Result<Plan> make_plan(const query::Term& term, EntryReader& reader, std::uint64_t size);

}  // namespace stele::search
