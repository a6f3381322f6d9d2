// What somebody searches: a log, its index, and how much of it is his to find.
#pragma once

#include "log/sequencer.h"
#include "query/term.h"
#include "query/term_maker.h"
#include "search/indexer.h"

namespace stele::search {

// What it points to outlives it.
struct Searched {
  const log::Sequencer* log = nullptr;
  Indexer* indexer = nullptr;
  query::Term scope;  // nothing is found, counted or told of that it does not mean; kAll: everything is

  [[nodiscard]] query::Term within(const query::Term& term) const {
    return scope.kind == query::Term::Kind::kAll ? term : query::all_of({scope, term});
  }
};

}  // namespace stele::search
