#include "api/searching.h"

#include "api/parameters.h"
#include "api/responses.h"
#include "api/sight.h"
#include "base/clock.h"
#include "search/searcher.h"

namespace stele::api {

Result<Searched> find_searched(const Service& service, const Call& call, const std::string& log) {
  STELE_ASSIGN(const LogParts parts, service.parts_of(call, log));
  if (parts.indexer == nullptr) return Error{Code::kNotFound, "the log " + log + " has no index; see the setting index"};
  return Searched{parts.log, parts.indexer, scope_of(call.identity.sight)};
}

Status append_warnings(const std::vector<query::QueryWarning>& warnings, const Searched& searched, bool found,
                       const search::GoOn& go_on, std::string& out) {
  std::string list;
  for (const query::QueryWarning& warning : warnings) {
    if (!warning.paths.empty()) {
      if (found && warning.what.suggestion.empty()) continue;
      query::Term exists;
      exists.kind = query::Term::Kind::kField;
      exists.paths = warning.paths;
      exists.test = query::Condition::any();
      search::SearchRequest request;
      request.limit = 1;
      STELE_ASSIGN(const auto result, search::search(searched, exists, request, go_on));
      if (result.total > 0) continue;
    }
    list += (list.empty() ? "" : ",") + query_error_json(warning.what);
  }
  if (!list.empty()) out += ",\"warnings\":[" + list + "]";
  return {};
}

void answer_search(const Service& service, const net::Reply& reply, std::function<Result<net::Response>(const GoOn&)> answer) {
  const bool taken = service.searches->submit([&service, reply, answer = std::move(answer)] {
    const std::int64_t deadline = service.clock.monotonic() + service.limits.search_seconds * kSecond;
    const GoOn go_on = [&] {
      return service.searches->take_turns() && service.clock.monotonic() < deadline && !reply.is_given_up();
    };
    auto response = answer(go_on);
    reply.send(response ? std::move(*response) : error_response(response.error()));
  });
  if (!taken) reply.send(error_response({Code::kBusy, "too many searches wait"}));
}

}  // namespace stele::api
