// What stands at a path in the rows of a tile: from the index where it knows, else from the entries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/scalars.h"
#include "index/bits.h"
#include "search/texts.h"
#include "search/tile_search.h"

namespace stele::search {

inline constexpr std::uint32_t kNoValue = UINT32_MAX;

// Of one path, for one search. Not thread-safe.
class PathValues {
 public:
  // `texts` outlives it.
  PathValues(std::string path, Texts& texts) : path_(std::move(path)), texts_(texts) {}

  // Reads the values of the rows `rows` of the tile.
  Status load(TileSearch& tiles, std::uint64_t tile, const index::Bits& rows);

  // Where a file knows each row's value as one code, or that it has none: its column, to be counted without load(). `has_column`
  // says whether the chunk has anything of the path.
  struct Coded {
    bool has_column = false;
    bool is_dense = false;
    index::Column column;
  };
  // Nothing when some row is not known so.
  std::optional<Coded> coded(const TileSource& source);
  // The number, among the texts, of what a code of that chunk stands for.
  std::uint32_t text_of_code(const index::IndexFile& file, std::uint32_t chunk, std::uint16_t code);
  // How many codes the chunk has, 0 with them.
  std::size_t codes(const index::IndexFile& file, std::uint32_t chunk);

  // By row: the number of its first value among the texts, or kNoValue. Of the rows that were loaded.
  [[nodiscard]] std::uint32_t first(std::uint32_t row) const { return first_[row]; }
  // Further values, by row, ascending.
  [[nodiscard]] const std::vector<std::pair<std::uint16_t, std::uint32_t>>& further() const { return further_; }

 private:
  // Each returns the rows that remain to be read.
  index::Bits load_known(TileSearch& tiles, std::uint64_t tile, const index::Bits& rows);
  index::Bits load_file(const TileSource& source, const index::Bits& rows);
  index::Bits load_growing(const index::LiveChunk& chunk, const index::Bits& rows);
  Status read(TileSearch& tiles, std::uint64_t tile, const index::Bits& rows);
  void add(std::uint32_t row, std::uint32_t text);
  void look_up_codes(const index::IndexFile& file);

  std::string path_;
  Texts& texts_;
  std::vector<std::uint32_t> first_;
  std::vector<std::pair<std::uint16_t, std::uint32_t>> further_;
  event::Scalars scalars_;
  // Of the file that answered last.
  const index::IndexFile* file_ = nullptr;
  std::vector<std::vector<std::uint32_t>> values_of_codes_;
  std::vector<std::uint32_t> texts_of_values_;
};

}  // namespace stele::search
