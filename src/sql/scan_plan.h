// How the table is to be gone through: SQLite has it chosen first and done later, and keeps it as a text meanwhile.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/constraints.h"
#include "sql/grouped_rows.h"

namespace stele::sql {

struct ScanPlan {
  // What SQLite hands in a value for, in that order.
  struct Part {
    int column = 0;  // the query's column: the value is a query
    Compare compare = Compare::kEqual;
    bool one_of = false;  // IN: the value is a list
  };
  std::vector<Part> parts;
  bool newest_first = false;
  std::vector<SortKey> keys;  // in groups by these; none: in the log's order
  bool once = false;          // each group once

  [[nodiscard]] std::string text() const;
  // Of what text() gave.
  static ScanPlan of(std::string_view text);
};

}  // namespace stele::sql
