// Functions of SQLite that a statement may call, and those that are ours because SQLite's take time without bounds.
#pragma once

#include <string_view>

#include "base/result.h"
#include "sql/view.h"

struct sqlite3;

namespace stele::sql {

// Whether a statement may call it: what reads its arguments and nothing else. Small letters.
bool is_allowed_function(std::string_view name);

// instr(), replace() in linear time; trim(), ltrim(), rtrim() of at most kTrimCharactersMax characters, LIKE and GLOB with
// patterns of at most kPatternBytesMax; all end when the view is to go on no more. The view outlives them.
Status add_functions(sqlite3* db, const View& view);
inline constexpr std::size_t kTrimCharactersMax = 64;
inline constexpr std::size_t kPatternBytesMax = 1'000;

}  // namespace stele::sql
