// /api/v1/search: entries that a query means, a page at a time.
#include <fmt/format.h>

#include <charconv>

#include "api/search_request.h"
#include "api/service.h"
#include "base/json_text.h"
#include "search/searcher.h"

namespace stele::api {
namespace {

// One request on its way through the pool.
struct Asked {
  SearchQuestion question;
  log::Sequencer* log = nullptr;
  search::Indexer* indexer = nullptr;
};

Result<Asked> find_log(const Service& service, SearchQuestion question) {
  Asked asked;
  STELE_ASSIGN(asked.log, service.find(question.log));
  const auto indexer = service.indexers.find(question.log);
  if (indexer == service.indexers.end()) return Error{Code::kNotFound, "the log " + question.log + " has no index"};
  asked.indexer = indexer->second;
  asked.question = std::move(question);
  return asked;
}

// A state that covers all hits: the published one, which others see too, if it does.
std::shared_ptr<const log::SignedState> state_for(const log::Store& store, const search::SearchResult& result) {
  auto published = store.published();
  const auto covered = [&](const search::Hit& hit) { return published && hit.index < published->size; };
  return std::all_of(result.hits.begin(), result.hits.end(), covered) && published ? published : store.latest();
}

Status append_hits(const log::Store& store, const Asked& asked, const search::SearchResult& result, std::string& out) {
  const auto state = asked.question.proof ? state_for(store, result) : nullptr;
  out += "{\"hits\":[";
  for (const search::Hit& hit : result.hits) {
    out += out.back() == '[' ? "{\"index\":" : ",{\"index\":";
    append_decimal(out, hit.index);
    if (state) {
      STELE_ASSIGN(const merkle::Proof proof, store.prove(hit.index, *state));
      out += ",\"proof\":[";
      for (const Hash& node : proof) {
        if (out.back() != '[') out += ',';
        out += '"';
        base64_append(out, as_byte_span(node));
        out += '"';
      }
      out += ']';
    }
    out += ",\"entry\":";
    out += hit.entry;
    out += '}';
  }
  out += ']';
  if (state) {
    out += ",\"checkpoint\":";
    append_json_string(out, state->note);
  }
  return {};
}

void append_warnings(const std::vector<query::QueryWarning>& warnings, std::string& out) {
  if (warnings.empty()) return;
  out += ",\"warnings\":[";
  for (const query::QueryWarning& warning : warnings) {
    if (out.back() != '[') out += ',';
    out += query_error_json(warning.what);
  }
  out += ']';
}

Result<net::Response> answer(const Service& service, const Asked& asked) {
  const SearchQuestion& question = asked.question;
  const std::int64_t deadline = service.clock.monotonic() + service.limits.search_seconds * 1'000'000'000;
  const std::function<bool()> go_on = [&] { return service.searches->goes_on() && service.clock.monotonic() < deadline; };
  STELE_ASSIGN(const search::SearchResult result,
               search::search(*asked.log, *asked.indexer, question.query.term, question.request, go_on));
  std::string out;
  STELE_TRY(append_hits(*asked.log->store(), asked, result, out));
  out += ",\"total\":";
  append_decimal(out, result.total);
  out += ",\"size\":";
  append_decimal(out, result.size);
  out += ",\"next\":";
  if (result.more && !result.hits.empty()) {
    append_json_string(out, next_cursor(question, result));
  } else {
    out += "null";
  }
  // A field that no entry has is told only where nothing was found.
  if (result.total == 0) append_warnings(question.query.warnings, out);
  out += "}\n";
  return json_response(200, std::move(out));
}

void handle(Service& service, const net::Request& request, const net::Reply& reply) {
  auto question = read_search(request, service.clock.now(), service.limits.read_entries_max);
  if (const auto* wrong = std::get_if<net::Response>(&question)) return reply.send(*wrong);
  auto asked = find_log(service, std::move(std::get<SearchQuestion>(question)));
  if (!asked) return reply.send(error_response(asked.error()));
  // Shared: std::function copies its captures.
  const auto shared = std::make_shared<Asked>(std::move(*asked));
  const bool taken = service.searches->submit([&service, shared, reply] {
    auto response = answer(service, *shared);
    reply.send(response ? std::move(*response) : error_response(response.error()));
  });
  if (!taken) reply.send(error_response({Code::kBusy, "too many searches wait"}));
}

}  // namespace

void add_search_routes(Router& router, Service& service) {
  const auto search = [&service](const net::Request& request, const PathParts&, const net::Reply& reply) {
    handle(service, request, reply);
  };
  router.add({"GET", "/api/v1/search", access::Permission::kRead, search});
  router.add({"POST", "/api/v1/search", access::Permission::kRead, search});
}

}  // namespace stele::api
