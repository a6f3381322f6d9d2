#include "sql/event_scan.h"

#include <bit>

#include "sql/memory.h"

namespace stele::sql {
namespace {

using index::Bits;
using index::kChunkRows;

constexpr std::uint32_t kFewRows = 2;                // an entry is read sooner than a tile's columns are laid out
constexpr std::uint32_t kManyRows = kChunkRows / 8;  // bundles are read whole

}  // namespace

ScanCells::ScanCells(View& view) : view_(view) {
  ++view_.scans;
  for (const Column& column : columns()) {
    Slot& slot = slots_.emplace_back();
    for (const std::string_view path : column.paths) {
      if (!path.empty()) slot.paths.emplace_back(std::string(path), view.texts);
    }
  }
}

ScanCells::~ScanCells() {
  --view_.scans;
  give_back_memory(static_cast<std::int64_t>(bytes_));
}

void ScanCells::begin_tile(search::TileSearch& tiles, std::uint64_t tile, std::uint32_t rows) {
  tiles_ = &tiles;
  tile_ = tile;
  rows_ = rows;
  for (Slot& slot : slots_) slot.loaded = false;
  have_times_ = false;
  read_.reset();
}

Status ScanCells::cell(std::uint32_t row, int column, Cell& out) {
  Slot& slot = slots_[static_cast<std::size_t>(column)];
  const Column::Kind kind = columns()[static_cast<std::size_t>(column)].kind;
  if (kind == Column::Kind::kIndex) {
    out = Cell::of(static_cast<std::int64_t>(tile_ * kChunkRows + row));
    return {};
  }
  if (rows_ <= kFewRows) return read(row, column, out);
  if (kind == Column::Kind::kTime) {
    if (!have_times_) times_.load(*tiles_, tile_);
    have_times_ = true;
    if (!times_.knows(row)) return read(row, column, out);
    out = times_.at(row);
    return {};
  }
  if (!slot.loaded) STELE_TRY(load(slot));
  for (TileCells& path : slot.paths) {
    if (!path.knows(row)) break;
    out = path.at(row);
    if (kind == Column::Kind::kNumber && out.kind == Cell::Kind::kText) out = number_cell(out.text, out.lasting);
    if (out.kind != Cell::Kind::kNull || &path == &slot.paths.back()) return {};
  }
  return read(row, column, out);
}

Status ScanCells::load(Slot& slot) {
  for (TileCells& path : slot.paths) {
    const std::size_t before = path.bytes();
    path.load(*tiles_, tile_);
    const std::size_t more = path.bytes() - before;
    bytes_ += more;
    if (!take_memory(static_cast<std::int64_t>(more)))
      return Error{Code::kTooLarge, "the statement reads too many columns at once"};
  }
  slot.loaded = true;
  return view_.count_texts();
}

Status ScanCells::read(std::uint32_t row, int column, Cell& out) {
  const std::uint64_t index = tile_ * kChunkRows + row;
  if (read_ != index) {
    const std::uint32_t near = rows_ > kManyRows ? static_cast<std::uint32_t>(log::kBundleEntries) : 1;
    STELE_ASSIGN(const std::string_view entry, tiles_->read(index, near));
    entry_.set(index, entry);
    read_ = index;
  }
  return entry_.cell(column, out);
}

Result<std::unique_ptr<EventScan>> EventScan::make(View& view, ScanCells& cells, const query::Term& term, bool newest_first) {
  std::unique_ptr<EventScan> self(new EventScan(view, cells, newest_first));
  STELE_ASSIGN(self->tiles_,
               search::TileSearch::make(*view.searched.indexer, view.store, view.searched.within(term), view.size, view.go_on));
  view.keep(self->tiles_->snapshot());
  const std::uint64_t first = self->tiles_->first();
  const std::uint64_t end = self->tiles_->end();
  if (first < end) {
    self->tiles_left_ = (end - 1) / kChunkRows - first / kChunkRows + 1;
    self->tile_ = newest_first ? (end - 1) / kChunkRows + 1 : first / kChunkRows - 1;  // one before the first that is asked
  }
  return self;
}

// The next row of the tile that may be meant; false when there is none.
bool EventScan::next_row() {
  while (word_ == 0) {
    if (word_at_ == Bits::kWords) return false;
    word_ = answer_.maybe.words()[newest_first_ ? Bits::kWords - 1 - word_at_ : word_at_];
    ++word_at_;
  }
  const std::size_t word = newest_first_ ? Bits::kWords - word_at_ : word_at_ - 1;
  const int bit = newest_first_ ? 63 - std::countl_zero(word_) : std::countr_zero(word_);
  word_ &= ~(std::uint64_t{1} << bit);
  row_ = static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(bit);
  return true;
}

Status EventScan::next_tile() {
  STELE_TRY(view_.ask_on());
  --tiles_left_;
  tile_ = newest_first_ ? tile_ - 1 : tile_ + 1;
  STELE_TRY(tiles_->ask(tile_, answer_));
  word_at_ = 0;
  word_ = 0;
  cells_.begin_tile(*tiles_, tile_, answer_.maybe.count());
  return {};
}

Status EventScan::next() {
  while (true) {
    if (!next_row()) {
      if (tiles_left_ == 0) {
        at_end_ = true;
        return {};
      }
      STELE_TRY(next_tile());
      continue;
    }
    if (answer_.sure.has(row_)) return {};
    STELE_ASSIGN(const bool meant, tiles_->decide(tile_ * kChunkRows + row_, answer_));
    if (meant) return {};
  }
}

Status EventScan::cell(int column, Cell& out) { return cells_.cell(row_, column, out); }

}  // namespace stele::sql
