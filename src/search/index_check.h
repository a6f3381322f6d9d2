// Holds the index of a log against the log, entry by entry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/sequencer.h"
#include "search/go_on.h"
#include "search/indexer.h"

namespace stele::search {

struct IndexCheck {
  std::uint64_t files = 0;
  std::uint64_t entries = 0;           // in them
  std::uint64_t uncovered = 0;         // whole tiles without a file, in entries; they wait for one
  std::vector<std::string> different;  // names of files that are not what the log's entries make; they have been taken out
};

// Makes each file again, in a folder beside the index', and compares their bytes. Takes some 5 µs an entry, and the space of the
// largest file twice. What differs is handed to the indexer, which makes it again. One at a time: kBusy. kUnavailable when
// `go_on` says no.
Result<IndexCheck> check_index(const log::Sequencer& log, Indexer& indexer, const GoOn& go_on);

}  // namespace stele::search
