#include "search/dense_count.h"

#include <algorithm>
#include <array>
#include <bit>

#include "search/calendar.h"

namespace stele::search {
namespace {

using index::Bits;
using index::kChunkRows;

constexpr std::size_t kCellsMax = 1U << 18;
constexpr std::size_t kUnitsMax = 64;  // in one tile
constexpr std::uint32_t kBlockRows = 64;

// One key of a tile: which of its parts each row has.
class Digit {
 public:
  bool open(const TileSource& source, const CountKey& key) {
    key_ = key;
    if (key.field != nullptr) {
      auto coded = key.field->coded(source);
      if (!coded) return false;
      coded_ = std::move(*coded);
      // Whatever a byte says has a cell.
      constexpr std::size_t kByteCodes = 256;
      size_ = coded_.path->codes(*source.file, source.chunk);
      if (!coded_.column.code_bytes().empty()) size_ = std::max(size_, kByteCodes);
      return true;
    }
    const index::FieldPlace* place = source.file->directory().field(index::kTimeField);
    if (place == nullptr) return false;
    coded_.column = source.file->column(*place, source.chunk);
    if (!coded_.column.ok() || coded_.column.form() != index::Form::kIntegers || coded_.column.is_listed()) return false;
    size_ = kUnitsMax + 1;
    return true;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  // Before the rows of a block are asked for. True when all have the one part that at() gives.
  bool enter(std::uint32_t block) {
    fixed_ = kNotFixed;
    if (key_.field == nullptr) enter_times(block);
    return fixed_ != kNotFixed;
  }
  // The places of all rows as bytes, where they are.
  [[nodiscard]] std::string_view bytes() const { return key_.field == nullptr ? std::string_view() : coded_.column.code_bytes(); }
  [[nodiscard]] std::size_t at(std::uint32_t row) {
    if (fixed_ != kNotFixed) return fixed_;
    if (key_.field != nullptr) return std::min<std::size_t>(coded_.column.code(row), size_ - 1);
    const auto time = coded_.column.integer_of_row(row);
    return time ? place_of(unit_begin(*time, key_.unit)) : 0;
  }
  // More units than there is room for.
  [[nodiscard]] bool is_full() const { return units_.size() >= kUnitsMax; }

  std::uint64_t part(const TileSource& source, std::size_t place) {
    if (key_.field == nullptr) return place == 0 ? kNoPart : static_cast<std::uint64_t>(units_[place - 1]);
    const std::uint32_t text = coded_.path->text_of_code(*source.file, source.chunk, static_cast<std::uint16_t>(place));
    return text == kNoValue ? kNoPart : text;
  }

 private:
  static constexpr std::size_t kNotFixed = SIZE_MAX;

  void enter_times(std::uint32_t block) {
    const auto bounds = coded_.column.bounds(block);
    if (!bounds) return;
    if (bounds->first < last_begin_ || bounds->second >= last_end_) {
      last_begin_ = unit_begin(bounds->first, key_.unit);
      last_end_ = last_begin_ + unit_least(key_.unit);
      if (bounds->second >= last_end_ && unit_begin(bounds->second, key_.unit) != last_begin_) return;
    }
    fixed_ = place_of(last_begin_);
  }

  // From 1 on; 0 is for rows without a time.
  std::size_t place_of(std::int64_t begin) {
    const auto known = std::find(units_.begin(), units_.end(), begin);
    if (known != units_.end()) return static_cast<std::size_t>(known - units_.begin()) + 1;
    if (is_full()) return 0;
    units_.push_back(begin);
    return units_.size();
  }

  CountKey key_;
  FieldValues::Coded coded_;
  std::size_t size_ = 0;
  std::size_t fixed_ = kNotFixed;
  std::vector<std::int64_t> units_;
  std::int64_t last_begin_ = 1;  // times from it on and before the other are of one unit
  std::int64_t last_end_ = 0;
};

// Counts the rows of a block whose bits are in `word`.
void count_block(std::vector<Digit>& digits, std::uint32_t block, std::uint64_t word, std::vector<std::uint32_t>& counts) {
  // All but one are often the same for the whole block, and that one is bytes.
  std::size_t base = 0;
  std::size_t varying = 0;
  std::string_view bytes;
  std::size_t stride = 1;
  std::size_t stride_of_bytes = 0;
  for (std::size_t i = digits.size(); i-- > 0; stride *= digits[i].size()) {
    if (digits[i].enter(block)) {
      base += stride * digits[i].at(block * kBlockRows);
    } else {
      ++varying;
      bytes = digits[i].bytes();
      stride_of_bytes = stride;
    }
  }
  if (varying == 1 && !bytes.empty()) {
    const auto* const codes = reinterpret_cast<const std::uint8_t*>(bytes.data()) + std::size_t{block} * kBlockRows;
    std::uint32_t* const cells = counts.data() + base;
    if (word == ~std::uint64_t{0}) {
      for (std::size_t i = 0; i < kBlockRows; ++i) ++cells[stride_of_bytes * codes[i]];
    } else {
      for (std::uint64_t left = word; left != 0; left &= left - 1) ++cells[stride_of_bytes * codes[std::countr_zero(left)]];
    }
    return;
  }
  for (std::uint64_t left = word; left != 0; left &= left - 1) {
    const std::uint32_t row = block * kBlockRows + static_cast<std::uint32_t>(std::countr_zero(left));
    std::size_t cell = 0;
    for (Digit& digit : digits) cell = cell * digit.size() + digit.at(row);
    ++counts[cell];
  }
}

}  // namespace

bool count_dense(TileSearch& tiles, std::uint64_t tile, const Bits& rows, std::span<const CountKey> keys,
                 const std::function<void(std::span<const std::uint64_t>, std::uint64_t)>& f) {
  const TileSource source = tiles.source(tile);
  if (source.file == nullptr) return false;
  std::vector<Digit> digits(keys.size());
  std::size_t cells = 1;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!digits[i].open(source, keys[i])) return false;
    cells *= digits[i].size();
    if (cells > kCellsMax) return false;
  }
  std::vector<std::uint32_t> counts(cells, 0);
  for (std::uint32_t block = 0; block < kChunkRows / kBlockRows; ++block) {
    if (rows.words()[block] == 0) continue;
    count_block(digits, block, rows.words()[block], counts);
    if (std::any_of(digits.begin(), digits.end(), [](const Digit& digit) { return digit.is_full(); })) return false;
  }
  if (tiles.is_damaged(source)) return false;
  std::vector<std::uint64_t> parts(keys.size());
  for (std::size_t cell = 0; cell < cells; ++cell) {
    if (counts[cell] == 0) continue;
    std::size_t rest = cell;
    for (std::size_t i = digits.size(); i-- > 0; rest /= digits[i].size())
      parts[i] = digits[i].part(source, rest % digits[i].size());
    f(parts, counts[cell]);
  }
  return true;
}

}  // namespace stele::search
