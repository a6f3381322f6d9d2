#include "search/field_values.h"

#include <algorithm>

namespace stele::search {

Status FieldValues::load(TileSearch& tiles, std::uint64_t tile, const index::Bits& rows) {
  first_.assign(index::kChunkRows, kNoValue);
  further_.clear();
  index::Bits rest = rows;
  for (PathValues& path : paths_) {
    if (!rest.any()) break;
    STELE_TRY(path.load(tiles, tile, rest));
    further_.insert(further_.end(), path.further().begin(), path.further().end());
    index::Bits have;
    rest.for_each([&](std::uint32_t row) {
      first_[row] = path.first(row);
      if (first_[row] != kNoValue) have.set(row);
      return true;
    });
    rest -= have;
  }
  if (paths_.size() > 1) std::sort(further_.begin(), further_.end());
  return {};
}

std::optional<FieldValues::Coded> FieldValues::coded(const TileSource& source) {
  std::optional<Coded> out;
  for (PathValues& path : paths_) {
    const auto one = path.coded(source);
    if (!one) return std::nullopt;
    if (!one->has_column) continue;
    if (out || !one->is_dense) return std::nullopt;
    out = Coded{&path, one->column};
  }
  return out;
}

}  // namespace stele::search
