// An empty database in memory that can do nothing but read `events`.
#pragma once

#include <memory>

#include "base/result.h"
#include "sql/view.h"

struct sqlite3;

namespace stele::sql {

struct CloseDatabase {
  void operator()(sqlite3* db) const;
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

// The view outlives it. Statements end when it is to go on no more.
Result<Database> open_database(View& view);

}  // namespace stele::sql
