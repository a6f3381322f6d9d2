// The times of the events in the rows of a tile.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "event/scalars.h"
#include "index/bits.h"
#include "search/tile_search.h"

namespace stele::search {

// For one search. Not thread-safe.
class EventTimes {
 public:
  // Reads the times of the rows `rows` of the tile.
  Status load(TileSearch& tiles, std::uint64_t tile, const index::Bits& rows);
  // Nanoseconds since 1970; nothing for an entry without a time. Of the rows that were loaded.
  [[nodiscard]] std::optional<std::int64_t> at(std::uint32_t row) const { return times_[row]; }

 private:
  std::uint32_t load_known(TileSearch& tiles, std::uint64_t tile);

  std::vector<std::optional<std::int64_t>> times_;
  event::Scalars scalars_;
};

}  // namespace stele::search
