#include "search/path_values.h"

#include <algorithm>
#include <array>

namespace stele::search {
namespace {

using index::Bits;
using index::kChunkRows;

// Whether no index has the path.
bool is_read(std::string_view path) {
  return path == index::kUnindexed || path == index::kTimeField || path == "original" || path.starts_with("original.");
}

}  // namespace

Status PathValues::load(TileSearch& tiles, std::uint64_t tile, const Bits& rows) {
  first_.assign(kChunkRows, kNoValue);
  further_.clear();
  STELE_TRY(read(tiles, tile, load_known(tiles, tile, rows)));
  // What stands there twice counts once, as it does in a file.
  std::sort(further_.begin(), further_.end());
  further_.erase(std::unique(further_.begin(), further_.end()), further_.end());
  return {};
}

// What the index knows; returns the rows of which it does not.
Bits PathValues::load_known(TileSearch& tiles, std::uint64_t tile, const Bits& rows) {
  const TileSource source = tiles.source(tile);
  if (source.growing != nullptr) return load_growing(*source.growing, rows);
  if (source.file == nullptr) return rows;
  const Bits rest = load_file(source, rows);
  if (!tiles.is_damaged(source)) return rest;
  first_.assign(kChunkRows, kNoValue);
  further_.clear();
  return rows;
}

void PathValues::look_up_codes(const index::IndexFile& file) {
  if (file_ == &file) return;
  file_ = &file;
  values_of_codes_.assign(file.directory().chunks.size(), {});
  texts_of_values_.clear();
  const index::FieldPlace* place = file.directory().field(path_);
  if (place == nullptr) return;
  values_of_codes_ = file.values_of_codes(*place);
  texts_of_values_.assign(place->values.count, kNoValue);
}

std::uint32_t PathValues::text_of_code(const index::IndexFile& file, std::uint32_t chunk, std::uint16_t code) {
  look_up_codes(file);
  const auto& values = values_of_codes_[chunk];
  if (code == 0 || code >= values.size() || values[code] >= texts_of_values_.size()) return kNoValue;
  std::uint32_t& text = texts_of_values_[values[code]];
  if (text == kNoValue) text = texts_.number(file.value(*file.directory().field(path_), values[code]));
  return text;
}

std::size_t PathValues::codes(const index::IndexFile& file, std::uint32_t chunk) {
  look_up_codes(file);
  return std::max<std::size_t>(values_of_codes_[chunk].size(), 1);
}

std::optional<PathValues::Coded> PathValues::coded(const TileSource& source) {
  if (source.file == nullptr || is_read(path_)) return std::nullopt;
  const index::IndexFile& file = *source.file;
  const index::FieldPlace* place = file.directory().field(path_);
  Coded out;
  if (place != nullptr) out.column = file.column(*place, source.chunk);
  Bits rest;
  if (!out.column.ok()) {
    if (const index::FieldPlace* unindexed = file.directory().field(index::kUnindexed))
      file.column(*unindexed, source.chunk).add_opaque(rest);
    return rest.any() ? std::nullopt : std::optional(out);
  }
  out.has_column = true;
  out.is_dense = out.column.is_dense();
  if (!out.column.has_codes() || !out.column.extras().empty()) return std::nullopt;
  out.column.add_opaque(rest);
  return rest.any() ? std::nullopt : std::optional(out);
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
  if (is_read(path_)) return rows;
  const index::FieldPlace* place = file.directory().field(path_);
  if (place == nullptr) return rest &= rows;
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
  const auto text_of = [&](std::uint16_t code) { return text_of_code(file, source.chunk, code); };
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
  if (is_read(path_)) return rows;
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
    const auto entry = tiles.read(tile * kChunkRows + row, count > kMany ? static_cast<std::uint32_t>(log::kBundleEntries) : 1);
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
