// Which of a statement's constraints narrow a scan, and in which order it comes.
#pragma once

#include "sql/scan_plan.h"
#include "sql/view.h"

struct sqlite3_index_info;

namespace stele::sql {

// Fills in what SQLite wants to know. Nothing when a query cannot be had this way; SQLite then tries another. kInvalid for two
// queries: of two values for one column SQLite concludes that they cannot both be, which of queries is not so.
Result<std::optional<ScanPlan>> choose_plan(View& view, sqlite3_index_info& info);

}  // namespace stele::sql
