// One field's values in one chunk, row by row (docs/formats/index.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "index/bits.h"
#include "index/code_set.h"
#include "query/condition.h"

namespace stele::index {

enum class Form : std::uint8_t {
  kConstant = 1,  // every row has the one value
  kCodes = 2,     // a code for each row: the rank of its value among those of the chunk, from 1 on; 0: none
  kListed = 3,    // codes of the rows that have a value
  kIntegers = 4,  // numbers instead of codes
  kHashed = 5,    // which rows have a value: texts gave their words to postings, other values stand as hashes
};

// What an integer stands for: the text that it is the only writing of.
enum class Flavour : std::uint8_t { kDecimal = 0, kIpv4 = 1, kTime = 2 };
std::optional<std::int64_t> integer_of(Flavour flavour, std::string_view text);
std::string text_of(Flavour flavour, std::int64_t integer);

using RowCode = std::pair<std::uint16_t, std::uint16_t>;

// Pairs of bytes that stand in values, folded: what may be in them and what surely is not.
class Pairs {
 public:
  static constexpr std::size_t kBytes = 8192;
  void add(std::string_view text);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  // Whether `part`, which is folded, may stand in one of the values whose pairs are `bytes`.
  static bool may_have(std::string_view bytes, std::string_view part);

 private:
  std::string bytes_ = std::string(kBytes, '\0');
};

// `codes` has one for each row, `extras` further values of rows, ascending. `opaque` are rows with values that stand nowhere.
std::string encode_codes(std::span<const std::uint16_t> codes, std::span<const RowCode> extras, const Bits& opaque);
// Rows without a value have nothing.
std::string encode_integers(Flavour flavour, std::span<const std::optional<std::int64_t>> integers, const Bits& opaque);
// `pairs` of the values that are no texts.
std::string encode_hashed(const Bits& present, const Pairs& pairs, const Bits& opaque);

// Reads an encoded column, which it borrows. Bytes that are none give nothing, and ok() is false.
class Column {
 public:
  static Column open(std::string_view bytes, std::uint32_t rows);

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] Form form() const { return form_; }
  [[nodiscard]] Flavour flavour() const { return flavour_; }
  [[nodiscard]] bool has_codes() const { return form_ == Form::kConstant || form_ == Form::kCodes || form_ == Form::kListed; }

  // Adds the rows that have a value that is known, and those with values that are not.
  void add_present(Bits& out) const;
  void add_opaque(Bits& out) const;
  // Adds the rows with one of these codes. Of a column of codes.
  void scan(const CodeSet& codes, Bits& out) const;
  // Adds the rows whose integers are within, both ends included. Of a column of integers.
  void scan(std::int64_t low, std::int64_t high, Bits& out) const;
  // The code of a row, 0: none. Of kConstant and kCodes.
  [[nodiscard]] std::uint16_t code(std::uint32_t row) const {
    if (form_ == Form::kConstant) return constant_;
    if (width_ == 16) return load_le<std::uint16_t>(data_.data() + 2 * std::size_t{row});
    const auto byte = static_cast<std::uint8_t>(data_[width_ == 8 ? row : row / 2]);
    return width_ == 8 ? byte : byte >> (row % 2 * 4) & 15;
  }
  // A byte for each row, where that is how codes stand; else nothing.
  [[nodiscard]] std::string_view code_bytes() const { return form_ == Form::kCodes && width_ == 8 ? data_ : std::string_view(); }
  [[nodiscard]] bool is_dense() const { return form_ == Form::kConstant || form_ == Form::kCodes; }
  // The least and the greatest integer of the 64 rows from 64 * `block` on; nothing where one has none, or it is not known.
  [[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> bounds(std::uint32_t block) const;
  // Of a column of integers, of which each row may have one.
  [[nodiscard]] std::optional<std::int64_t> integer_of_row(std::uint32_t row) const { return integer(row); }
  [[nodiscard]] bool is_listed() const { return listed_; }
  // The code of each row, and further ones. Of a column of codes.
  void codes(std::span<std::uint16_t, kChunkRows> out) const;
  [[nodiscard]] std::vector<RowCode> extras() const;
  // Calls f(row, integer).
  template <typename F>
  void for_each_integer(F&& f) const {
    for (std::uint32_t i = 0; i < listed_or_rows(); ++i) {
      if (const auto one = integer(i)) f(row_at(i), *one);
    }
  }
  // Of a column of hashes.
  [[nodiscard]] std::string_view pairs() const { return pairs_; }

 private:
  [[nodiscard]] std::uint32_t listed_or_rows() const {
    return listed_ ? static_cast<std::uint32_t>(listed_rows_.size() / 2) : rows_;
  }
  [[nodiscard]] std::uint32_t row_at(std::uint32_t i) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::uint32_t i) const;

  bool ok_ = false;
  Form form_ = Form::kConstant;
  Flavour flavour_ = Flavour::kDecimal;
  std::uint32_t rows_ = 0;
  std::uint16_t constant_ = 0;
  unsigned width_ = 0;  // bits of a code, bytes of an integer
  bool listed_ = false;
  std::int64_t smallest_ = 0;
  std::int64_t unit_ = 1;
  std::string_view listed_rows_;
  std::string_view data_;
  std::string_view bounds_;  // of each 64 rows, least and greatest as stored
  std::string_view present_;
  std::string_view pairs_;
  std::string_view extra_rows_;
  std::string_view extra_codes_;
  std::string_view opaque_;
};

// What a test asks of integers: bounds, both included; or that they are read as texts.
struct IntegerQuestion {
  std::int64_t low = 1;
  std::int64_t high = 0;  // less than `low`: none
  bool as_texts = false;
};
IntegerQuestion integer_question(const query::Condition& test, Flavour flavour);

}  // namespace stele::index
