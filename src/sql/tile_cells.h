// What the index knows of a column in the rows of one tile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "index/bits.h"
#include "search/path_values.h"
#include "search/texts.h"
#include "search/tile_search.h"
#include "sql/columns.h"
#include "sql/rows.h"

namespace stele::sql {

// Of one path. Not thread-safe.
class TileCells {
 public:
  // `texts` outlives it.
  TileCells(std::string path, search::Texts& texts) : path_(std::move(path)), texts_(texts) {}

  // Reads what is known of the tile; nothing where a file is damaged. Returns false when the source is to be passed by.
  void load(search::TileSearch& tiles, std::uint64_t tile);

  // Whether it is known what stands in the row; and what.
  [[nodiscard]] bool knows(std::uint32_t row) const { return known_.has(row); }
  [[nodiscard]] Cell at(std::uint32_t row);

  // Of memory that it holds.
  [[nodiscard]] std::size_t bytes() const;

 private:
  void load_file(const search::TileSource& source);
  void load_codes(const index::IndexFile& file, std::uint32_t chunk, const index::FieldPlace& place, const index::Column& column);
  void load_growing(const index::LiveChunk& chunk);

  std::string path_;
  search::Texts& texts_;
  index::Bits known_;
  std::vector<std::uint16_t> codes_;      // by row; empty: none
  std::vector<std::string_view> values_;  // by code; lasting
  std::vector<std::uint32_t> numbers_;    // of texts by row, of the chunk that grows; empty: none
  // Integers that stand for texts, where there are any.
  index::Flavour flavour_ = index::Flavour::kDecimal;
  std::vector<std::int64_t> integers_;
  index::Bits has_integer_;
  std::string text_;
  // Of the file that answered last.
  const index::IndexFile* file_ = nullptr;
  std::vector<std::vector<std::uint32_t>> values_of_codes_;
  std::size_t values_of_codes_bytes_ = 0;
};

// Of the events' times.
class TileTimes {
 public:
  void load(search::TileSearch& tiles, std::uint64_t tile);
  [[nodiscard]] bool knows(std::uint32_t row) const { return row < known_; }
  [[nodiscard]] Cell at(std::uint32_t row);

 private:
  std::uint32_t known_ = 0;  // rows, the first ones
  std::vector<std::int64_t> times_;
  index::Bits has_;
  char text_[32];
};

}  // namespace stele::sql
