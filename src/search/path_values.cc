#include "search/path_values.h"

#include <algorithm>
#include <array>

namespace stele::search {
namespace {

using index::Bits;
using index::kChunkRows;

}  // namespace

Status PathValues::load(TileSearch& tiles, std::uint64_t tile, const Bits& rows) {
  first_.assign(kChunkRows, kNoValue);
  further_.clear();
  const TileSource source = tiles.source(tile);
  Bits rest = rows;
  if (source.file != nullptr) {
    rest = load_file(source, rows);
    if (tiles.is_damaged(source)) {
      first_.assign(kChunkRows, kNoValue);
      further_.clear();
      rest = rows;
    }
  } else if (source.growing != nullptr) {
    rest = load_growing(*source.growing, rows);
  }
  STELE_TRY(read(tiles, tile, rest));
  std::sort(further_.begin(), further_.end());
  return {};
}

void PathValues::add(std::uint32_t row, std::uint32_t text) {
  if (first_[row] == kNoValue) {
    first_[row] = text;
  } else if (first_[row] != text) {
    further_.emplace_back(static_cast<std::uint16_t>(row), text);
  }
}

Bits PathValues::load_file(const TileSource& source, const Bits& rows) {
  const index::IndexFile& file = *source.file;
  const index::FieldPlace* unindexed = file.directory().field(index::kUnindexed);
  Bits rest;
  if (unindexed != nullptr) file.column(*unindexed, source.chunk).add_opaque(rest);
  const index::FieldPlace* place = path_.empty() ? nullptr : file.directory().field(path_);
  if (place == nullptr || path_ == index::kTimeField) {
    // No field is of what is never indexed: that is read.
    if (path_ == index::kTimeField || path_ == "original" || path_.starts_with("original.")) return rows;
    return rest &= rows;
  }
  rest.clear();  // a field has all rows that are not its own opaque ones
  const index::Column column = file.column(*place, source.chunk);
  if (!column.ok()) {
    if (unindexed != nullptr) file.column(*unindexed, source.chunk).add_opaque(rest);
    return rest &= rows;
  }
  column.add_opaque(rest);
  if (column.form() == index::Form::kHashed) {
    column.add_present(rest);
    return rest &= rows;
  }
  Bits known = rows;
  known -= rest;
  if (column.form() == index::Form::kIntegers) {
    column.for_each_integer([&](std::uint32_t row, std::int64_t integer) {
      if (known.has(row)) add(row, texts_.number(index::text_of(column.flavour(), integer)));
    });
    return rest &= rows;
  }
  if (file_ != &file) {
    values_of_codes_ = file.values_of_codes(*place);
    texts_of_values_.assign(place->values.count, kNoValue);
    file_ = &file;
  }
  const auto& values = values_of_codes_[source.chunk];
  const auto text_of = [&](std::uint16_t code) {
    const std::uint32_t value = code < values.size() ? values[code] : 0;
    if (value >= texts_of_values_.size()) return kNoValue;
    std::uint32_t& text = texts_of_values_[value];
    if (text == kNoValue) text = texts_.number(file.value(*place, value));
    return text;
  };
  std::array<std::uint16_t, kChunkRows> codes;
  column.codes(codes);
  known.for_each([&](std::uint32_t row) {
    if (codes[row] != 0) first_[row] = text_of(codes[row]);
    return true;
  });
  for (const auto& [row, code] : column.extras()) {
    if (known.has(row)) add(row, text_of(code));
  }
  return rest &= rows;
}

Bits PathValues::load_growing(const index::LiveChunk& chunk, const Bits& rows) {
  Bits rest;
  if (path_ == index::kTimeField || path_ == "original" || path_.starts_with("original.")) return rows;
  if (chunk.rows() < kChunkRows) rest |= Bits::range(chunk.rows(), kChunkRows);
  const auto values = chunk.values(path_);
  if (!values) {
    rest |= chunk.unindexed();
    return rest &= rows;
  }
  for (const std::uint16_t row : values->opaque) rest.set(row);
  Bits known = rows;
  known -= rest;
  std::vector<std::uint32_t> numbers(values->texts->count() + 1, kNoValue);
  const auto text_of = [&](std::uint32_t value) {
    if (numbers[value] == kNoValue) numbers[value] = texts_.number(values->texts->text(value));
    return numbers[value];
  };
  known.for_each([&](std::uint32_t row) {
    if (row >= values->codes.size()) return false;
    if (values->codes[row] != 0) first_[row] = text_of(values->codes[row]);
    return true;
  });
  for (const auto& [row, value] : values->extras) {
    if (known.has(row)) add(row, text_of(value));
  }
  return rest &= rows;
}

Status PathValues::read(TileSearch& tiles, std::uint64_t tile, const Bits& rows) {
  Status status;
  const std::uint32_t count = rows.count();
  constexpr std::uint32_t kMany = kChunkRows / 8;
  rows.for_each([&](std::uint32_t row) {
    const auto entry =
        tiles.reader().read(tile * kChunkRows + row, count > kMany ? static_cast<std::uint32_t>(log::kBundleEntries) : 1);
    if (!entry) {
      status = entry.error();
      return false;
    }
    for (const auto& one : scalars_.read(*entry)) {
      if (scalars_.path(one.path) == path_) add(row, texts_.number(one.text));
    }
    return true;
  });
  return status;
}

}  // namespace stele::search
