// Rows of the table `events`, one after the other.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace stele::sql {

struct Cell {
  enum class Kind : std::uint8_t { kNull, kNumber, kText };
  Kind kind = Kind::kNull;
  bool lasting = false;  // the text is there as long as the view is; else until anything else is asked
  std::int64_t number = 0;
  std::string_view text;

  static Cell of(std::int64_t number) { return {Kind::kNumber, false, number, {}}; }
  static Cell of(std::string_view text, bool lasting) { return {Kind::kText, lasting, 0, text}; }
};

// One thread.
class Rows {
 public:
  virtual ~Rows() = default;
  // To the first row, and to each that follows.
  virtual Status next() = 0;
  // Of the row: what stands in a column but `q`.
  virtual Status cell(int column, Cell& out) = 0;
  [[nodiscard]] bool at_end() const { return at_end_; }

 protected:
  bool at_end_ = false;
};

}  // namespace stele::sql
