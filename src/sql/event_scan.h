// The entries that a term means, in the log's order, with the columns that are asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "index/bits.h"
#include "query/term.h"
#include "search/tile_search.h"
#include "sql/entry_cells.h"
#include "sql/rows.h"
#include "sql/tile_cells.h"
#include "sql/view.h"

namespace stele::sql {

// Columns of a tile, read when one is first asked for: by the index where it knows, else from the entry.
class ScanCells {
 public:
  // The view outlives it.
  explicit ScanCells(View& view);
  ~ScanCells();
  ScanCells(const ScanCells&) = delete;
  ScanCells& operator=(const ScanCells&) = delete;

  // Goes on with a tile, of which about `rows` rows will be asked.
  void begin_tile(search::TileSearch& tiles, std::uint64_t tile, std::uint32_t rows);
  Status cell(std::uint32_t row, int column, Cell& out);

 private:
  struct Slot {
    std::vector<TileCells> paths;
    bool loaded = false;
  };
  Status load(Slot& slot);
  Status read(std::uint32_t row, int column, Cell& out);

  View& view_;
  search::TileSearch* tiles_ = nullptr;
  std::uint64_t tile_ = 0;
  std::uint32_t rows_ = 0;
  std::vector<Slot> slots_;  // by column
  TileTimes times_;
  bool have_times_ = false;
  EntryCells entry_;
  std::optional<std::uint64_t> read_;  // the entry that entry_ is of
  std::size_t bytes_ = 0;              // of slots_, that were taken
};

class EventScan final : public Rows {
 public:
  // The cells outlive it.
  static Result<std::unique_ptr<EventScan>> make(View& view, ScanCells& cells, const query::Term& term, bool newest_first);

  Status next() override;
  Status cell(int column, Cell& out) override;

 private:
  EventScan(View& view, ScanCells& cells, bool newest_first) : view_(view), cells_(cells), newest_first_(newest_first) {}
  bool next_row();
  Status next_tile();

  View& view_;
  ScanCells& cells_;
  bool newest_first_;
  std::unique_ptr<search::TileSearch> tiles_;
  std::uint64_t tiles_left_ = 0;
  std::uint64_t tile_ = 0;
  index::Answer answer_;
  std::size_t word_at_ = 0;  // of the tile's rows
  std::uint64_t word_ = 0;   // rows of that word that are still to come
  std::uint32_t row_ = 0;
};

}  // namespace stele::sql
