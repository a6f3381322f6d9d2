// The virtual table `events` for SQLite.
#pragma once

#include "base/result.h"
#include "sql/view.h"

struct sqlite3;

namespace stele::sql {

// Statements of the connection find `events` then. The view outlives it.
Status add_events_table(sqlite3* db, View& view);

}  // namespace stele::sql
