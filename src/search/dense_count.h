// Counts the rows of a tile by the codes that stand in a file, without a look at any value.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "index/bits.h"
#include "search/aggregate.h"
#include "search/field_values.h"
#include "search/tile_search.h"

namespace stele::search {

// A key to count by: a field, or a unit of the event's time.
struct CountKey {
  FieldValues* field = nullptr;
  TimeUnit unit = TimeUnit::kDay;
};

inline constexpr std::uint64_t kNoPart = UINT64_MAX;  // the part of a key of entries without a value

// Calls f(parts, count) for each combination that occurs among `rows`: numbers of texts, or beginnings of units. False, and
// nothing was called, when the tile is not known so, or has too many combinations.
bool count_dense(TileSearch& tiles, std::uint64_t tile, const index::Bits& rows, std::span<const CountKey> keys,
                 const std::function<void(std::span<const std::uint64_t>, std::uint64_t)>& f);

}  // namespace stele::search
