// What of a log is indexed at one moment.
#pragma once

#include <memory>
#include <shared_mutex>
#include <vector>

#include "index/index_file.h"
#include "index/live_chunk.h"

namespace stele::search {

// A chunk in memory: who appends holds the lock alone, who asks shares it.
struct SharedChunk {
  explicit SharedChunk(std::uint64_t first_index) : chunk(first_index) {}
  mutable std::shared_mutex mutex;
  index::LiveChunk chunk;
};

// Runs of the log by their first entry, none twice. What no run covers is to be read. Runs are shared: a search goes on with
// what it began with while others take their place.
struct Snapshot {
  std::vector<std::shared_ptr<const index::IndexFile>> files;
  std::vector<std::shared_ptr<const SharedChunk>> chunks;
};

}  // namespace stele::search
