// What a field is in the rows of a tile: of its paths the first at which an entry has something.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "index/bits.h"
#include "search/path_values.h"

namespace stele::search {

// For one search. Not thread-safe.
class FieldValues {
 public:
  // `texts` outlives it.
  FieldValues(const std::vector<std::string>& paths, Texts& texts) {
    for (const std::string& path : paths) paths_.emplace_back(path, texts);
  }

  // Reads the values of the rows `rows` of the tile.
  Status load(TileSearch& tiles, std::uint64_t tile, const index::Bits& rows);

  // Where a file knows each row's value as one code: the path that has it, and its column. Nothing where it does not.
  struct Coded {
    PathValues* path = nullptr;
    index::Column column;
  };
  std::optional<Coded> coded(const TileSource& source);

  // By row: the number of its first value among the texts, or kNoValue. Of the rows that were loaded.
  [[nodiscard]] std::uint32_t first(std::uint32_t row) const { return first_[row]; }
  // Further values, by row, ascending.
  [[nodiscard]] const std::vector<std::pair<std::uint16_t, std::uint32_t>>& further() const { return further_; }

 private:
  std::deque<PathValues> paths_;  // none ever moves
  std::vector<std::uint32_t> first_;
  std::vector<std::pair<std::uint16_t, std::uint32_t>> further_;
};

}  // namespace stele::search
