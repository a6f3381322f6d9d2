// What holds of every answer of the readers of queries, for their fuzzers.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/json_text.h"
#include "query/matcher.h"
#include "query/query.h"

namespace stele::testing {

inline constexpr UnixNanos kQueryNow = 1'795'623'600'000'000'000;  // 2026-11-25T16:20:00Z

inline void require(bool holds) {
  if (!holds) std::abort();
}

// Each level that is written makes at most three: one of, all of, not.
inline constexpr std::size_t kTreeDepthMax = 3 * (query::kTermDepthMax + 1) + 1;

// How many leaves there are, each of which has what its kind needs.
inline std::size_t require_whole(const query::Term& term, std::size_t depth = 0) {
  using Kind = query::Term::Kind;
  require(depth <= kTreeDepthMax);
  if (term.kind == Kind::kNot) require(term.terms.size() == 1 && term.terms[0].kind != Kind::kNot);
  if (term.kind == Kind::kAnd || term.kind == Kind::kOr) {
    require(term.terms.size() > 1);
    require(std::none_of(term.terms.begin(), term.terms.end(), [&](const query::Term& one) { return one.kind == term.kind; }));
  }
  if (term.kind == Kind::kField) require(!term.paths.empty() && term.test);
  if (term.kind == Kind::kAnywhere) require(term.test.has_value());
  if (term.kind == Kind::kTime || term.kind == Kind::kReceived) require(term.from || term.before);
  std::size_t leaves = term.terms.empty() ? 1 : 0;
  for (const query::Term& one : term.terms) leaves += require_whole(one, depth + 1);
  return leaves;
}

inline void require_sayable(const query::QueryError& error) {
  require(!error.message.empty() && is_utf8(error.message) && is_utf8(error.suggestion));
}

// Whether the query means an entry that has something of everything.
inline bool decides(const query::Query& query) {
  constexpr std::string_view kEntry =
      R"({"stele":1,"id":"01a20935-07fb-7000-8908-070605040302","received":"2026-11-23T16:20:00.123456789Z",)"
      R"("source":{"id":"billing","kind":"http","peer":"10.0.0.5:51230"},"event":{"id":"evt_91","seq":7,)"
      R"("time":"2026-11-23T16:19:59.998Z","actor":{"type":"user","id":"u_42","name":"Ada Park"},"action":"customer.export",)"
      R"("outcome":"success","targets":[{"type":"table","id":"customers"}],"origin":{"ip":"2001:db8::9"},)"
      R"("message":"Wire transfer: 40 rows","attributes":{"a":"b","rows":40,"ratio":1e-3,"path":"C:\\*","flag":true,"none":null}},)"
      R"("derived":{"by":"a/b@1"},"original":"wire"})";
  require(require_whole(query.term) <= query::kTermsMax && query.warnings.size() <= query::kWarningsMax);
  for (const query::QueryWarning& warning : query.warnings) require_sayable(warning.what);
  query::Matcher matcher(query.term);
  const bool held = matcher.matches(7, kEntry);
  require(matcher.matches(7, kEntry) == held);
  return held;
}

}  // namespace stele::testing
