#include "api/searching.h"

namespace stele::api {

Result<Searched> find_searched(const Service& service, const std::string& log) {
  Searched out;
  STELE_ASSIGN(out.log, service.find(log));
  const auto indexer = service.indexers.find(log);
  if (indexer == service.indexers.end()) return Error{Code::kNotFound, "the log " + log + " has no index; see the setting index"};
  out.indexer = indexer->second;
  return out;
}

void answer_search(const Service& service, const net::Reply& reply, std::function<Result<net::Response>(const GoOn&)> answer) {
  const bool taken = service.searches->submit([&service, reply, answer = std::move(answer)] {
    const std::int64_t deadline = service.clock.monotonic() + service.limits.search_seconds * 1'000'000'000;
    const GoOn go_on = [&] { return service.searches->take_turns() && service.clock.monotonic() < deadline; };
    auto response = answer(go_on);
    reply.send(response ? std::move(*response) : error_response(response.error()));
  });
  if (!taken) reply.send(error_response({Code::kBusy, "too many searches wait"}));
}

}  // namespace stele::api
