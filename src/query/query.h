// What the readers of both notations hand back.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "query/term.h"

namespace stele::query {

// The query means something, but perhaps not what was wanted.
struct QueryWarning {
  QueryError what;
  std::vector<std::string> paths;  // to be told only when no entry has one of these; none: always
};

inline constexpr std::size_t kWarningsMax = 8;

struct Query {
  Term term;
  std::vector<QueryWarning> warnings;  // at most kWarningsMax
};

using QueryResult = std::variant<Query, QueryError>;

}  // namespace stele::query
