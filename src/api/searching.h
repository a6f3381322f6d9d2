// What every search has in common: which log, how long, on which thread.
#pragma once

#include <functional>
#include <string>

#include "api/service.h"
#include "query/query.h"
#include "search/go_on.h"
#include "search/searched.h"

namespace stele::api {

using search::Searched;
// With no more in its scope than whoever asks may see. kNotFound when there is no such log, or nothing to search it with.
Result<Searched> find_searched(const Service& service, const Call& call, const std::string& log);

// Adds the member `warnings` with those that hold of this log; nothing when none does. `found`: something was; then a name that
// stands in no entry is told only where another one may have been meant.
Status append_warnings(const std::vector<query::QueryWarning>& warnings, const Searched& searched, bool found,
                       const search::GoOn& go_on, std::string& out);

// Calls `answer` on one of the threads for searches, and sends what it returns; "too busy" when too many wait. What it
// is handed says no once it took too long, nobody waits for it any more, or the server drains. The service outlives it.
using search::GoOn;
void answer_search(const Service& service, const net::Reply& reply, std::function<Result<net::Response>(const GoOn&)> answer);

}  // namespace stele::api
