// What an entry has in the columns, by reading it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "event/json_tape.h"
#include "event/scalars.h"
#include "sql/columns.h"
#include "sql/rows.h"

namespace stele::sql {

// Keeps what it learns about paths from one entry to the next. Not thread-safe.
class EntryCells {
 public:
  EntryCells();

  // Goes on with this entry, which is read as far as it is asked for. It stays where it is until the next is set.
  void set(std::uint64_t index, std::string_view entry);

  // kCorrupt when an entry has another form.
  Status cell(int column, Cell& out);

 private:
  void read_scalars();
  Cell first_of(const Column& column) const;
  Cell attributes();

  std::uint64_t index_ = 0;
  std::string_view entry_;
  bool have_scalars_ = false;
  event::Scalars scalars_;
  std::uint64_t generation_ = 0;
  std::vector<std::string_view> paths_;                 // that columns have
  std::vector<std::int32_t> wanted_;                    // by path number: which of paths_; -1: none, -2: not known yet
  std::vector<std::optional<std::string_view>> first_;  // by place in paths_
  std::optional<std::int64_t> time_;
  std::array<char, 32> time_text_{};
  event::JsonTape tape_;
};

// The column's text, as a number where it has to be one.
Cell number_cell(std::string_view text, bool lasting);

}  // namespace stele::sql
