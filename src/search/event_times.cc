#include "search/event_times.h"

#include <algorithm>

#include "base/clock.h"

namespace stele::search {

using index::Bits;
using index::kChunkRows;

// What the index knows; returns of how many rows that is.
std::uint32_t EventTimes::load_known(TileSearch& tiles, std::uint64_t tile) {
  const TileSource source = tiles.source(tile);
  if (source.growing != nullptr) {
    const auto times = source.growing->times();
    std::copy(times.begin(), times.end(), times_.begin());
    return static_cast<std::uint32_t>(times.size());
  }
  if (source.file == nullptr) return 0;
  if (const index::FieldPlace* place = source.file->directory().field(index::kTimeField)) {
    const index::Column column = source.file->column(*place, source.chunk);
    if (column.ok() && column.form() == index::Form::kIntegers)
      column.for_each_integer([&](std::uint32_t row, std::int64_t time) { times_[row] = time; });
  }
  return tiles.is_damaged(source) ? 0 : kChunkRows;
}

Status EventTimes::load(TileSearch& tiles, std::uint64_t tile, const Bits& rows) {
  times_.assign(kChunkRows, std::nullopt);
  const std::uint32_t known = load_known(tiles, tile);
  if (known == kChunkRows) return {};
  Bits rest = rows;
  rest -= Bits::first(known);
  Status status;
  rest.for_each([&](std::uint32_t row) {
    const auto entry = tiles.read(tile * kChunkRows + row, static_cast<std::uint32_t>(log::kBundleEntries));
    if (!entry) {
      status = entry.error();
      return false;
    }
    times_[row].reset();
    for (const auto& one : scalars_.read(*entry)) {
      if (!times_[row] && scalars_.path(one.path) == index::kTimeField) times_[row] = parse_time(one.text);
    }
    return true;
  });
  return status;
}

}  // namespace stele::search
