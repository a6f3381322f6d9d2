// What a statement's comparisons say in the query language: terms that mean every row for which a comparison holds, and
// perhaps more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "query/term.h"
#include "sql/columns.h"

namespace stele::sql {

// As letters, so that a plan is a text.
enum class Compare : char {
  kEqual = '=',
  kLess = '<',
  kAtMost = 'l',
  kMore = '>',
  kAtLeast = 'g',
  kLike = '%',
  kGlob = '*',
  kNull = '0',
  kNotNull = '1',
};

// Whether there may be a term for it.
bool can_say(const Column& column, Compare compare);

// What a column is compared with: text or a whole number; others, for which SQLite may convert, are nothing.
using Operand = std::variant<std::monostate, std::int64_t, std::string_view>;

// Nothing where no term means all rows for which it holds. Texts compare by their bytes.
// That a column of times is not compared with a moment in another writing than its own, of which SQLite would compare the bytes.
Status check_time(const Column& column, Compare compare, const Operand& operand);

std::optional<query::Term> term_of(const Column& column, Compare compare, const Operand& operand);

// Means no row.
query::Term no_row();

}  // namespace stele::sql
