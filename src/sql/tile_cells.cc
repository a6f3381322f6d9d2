#include "sql/tile_cells.h"

#include "base/clock.h"

namespace stele::sql {
namespace {

using index::Bits;
using index::kChunkRows;

}  // namespace

void TileCells::load(search::TileSearch& tiles, std::uint64_t tile) {
  known_.clear();
  codes_.clear();
  numbers_.clear();
  integers_.clear();
  const search::TileSource source = tiles.source(tile);
  if (source.file != nullptr) load_file(source);
  if (source.growing != nullptr) load_growing(*source.growing);
  // Texts are looked up above, so that damage shows before one is used.
  if (tiles.is_damaged(source)) known_.clear();
}

void TileCells::load_file(const search::TileSource& source) {
  const index::IndexFile& file = *source.file;
  const index::FieldPlace* place = file.directory().field(path_);
  const index::Column column = place == nullptr ? index::Column() : file.column(*place, source.chunk);
  Bits unknown;
  if (column.ok()) {
    column.add_opaque(unknown);
    if (column.form() == index::Form::kHashed) column.add_present(unknown);
  } else if (const index::FieldPlace* unindexed = file.directory().field(index::kUnindexed)) {
    file.column(*unindexed, source.chunk).add_opaque(unknown);
  }
  known_ = Bits::first(kChunkRows);
  known_ -= unknown;
  if (!column.ok()) return;
  if (column.form() == index::Form::kIntegers) {
    flavour_ = column.flavour();
    integers_.resize(kChunkRows);
    has_integer_.clear();
    column.for_each_integer([&](std::uint32_t row, std::int64_t integer) {
      integers_[row] = integer;
      has_integer_.set(row);
    });
  } else if (column.has_codes()) {
    load_codes(file, source.chunk, *place, column);
  }
}

void TileCells::load_codes(const index::IndexFile& file, std::uint32_t chunk, const index::FieldPlace& place,
                           const index::Column& column) {
  if (file_ != &file) {
    values_of_codes_ = file.values_of_codes(place);
    values_of_codes_bytes_ = 0;
    for (const auto& values : values_of_codes_)
      values_of_codes_bytes_ += sizeof values + values.capacity() * sizeof(std::uint32_t);
    file_ = &file;
  }
  const auto& values = values_of_codes_[chunk];
  values_.assign(values.size(), {});
  for (std::size_t code = 1; code < values.size(); ++code) {
    if (values[code] < place.values.count) values_[code] = file.value(place, values[code]);
  }
  codes_.resize(kChunkRows);
  column.codes(std::span<std::uint16_t, kChunkRows>(codes_));
}

void TileCells::load_growing(const index::LiveChunk& chunk) {
  known_ = Bits::first(chunk.rows());
  const auto values = chunk.values(path_);
  if (!values) {
    known_ -= chunk.unindexed();
    return;
  }
  Bits opaque;
  for (const std::uint16_t row : values->opaque) opaque.set(row);
  known_ -= opaque;
  numbers_.assign(kChunkRows, search::kNoValue);
  std::vector<std::uint32_t> of_values(values->texts->count() + 1, search::kNoValue);
  for (std::size_t row = 0; row < values->codes.size(); ++row) {
    const std::uint32_t value = values->codes[row];
    if (value == 0) continue;
    if (of_values[value] == search::kNoValue) of_values[value] = texts_.number(values->texts->text(value));
    numbers_[row] = of_values[value];
  }
}

Cell TileCells::at(std::uint32_t row) {
  if (!codes_.empty()) {
    const std::uint16_t code = codes_[row];
    return code == 0 || code >= values_.size() ? Cell() : Cell::of(values_[code], true);
  }
  if (!numbers_.empty()) return numbers_[row] == search::kNoValue ? Cell() : Cell::of(texts_.text(numbers_[row]), true);
  if (integers_.empty() || !has_integer_.has(row)) return {};
  text_ = index::text_of(flavour_, integers_[row]);
  return Cell::of(text_, false);
}

std::size_t TileCells::bytes() const {
  return codes_.capacity() * sizeof codes_[0] + values_.capacity() * sizeof values_[0] +
         numbers_.capacity() * sizeof numbers_[0] + integers_.capacity() * sizeof integers_[0] + values_of_codes_bytes_;
}

void TileTimes::load(search::TileSearch& tiles, std::uint64_t tile) {
  times_.resize(kChunkRows);
  has_.clear();
  known_ = 0;
  const search::TileSource source = tiles.source(tile);
  if (source.growing != nullptr) {
    for (const auto& time : source.growing->times()) {
      if (time) {
        times_[known_] = *time;
        has_.set(known_);
      }
      ++known_;
    }
  } else if (source.file != nullptr) {
    if (const index::FieldPlace* place = source.file->directory().field(index::kTimeField)) {
      const index::Column column = source.file->column(*place, source.chunk);
      if (column.ok() && column.form() == index::Form::kIntegers)
        column.for_each_integer([&](std::uint32_t row, std::int64_t time) {
          times_[row] = time;
          has_.set(row);
        });
    }
    known_ = tiles.is_damaged(source) ? 0 : kChunkRows;
  }
}

Cell TileTimes::at(std::uint32_t row) {
  if (!has_.has(row)) return {};
  format_time(times_[row], text_);
  return Cell::of({text_, kTimeWidth}, false);
}

}  // namespace stele::sql
