// /api/v1/coverage: which sources feed the log, what is missing, and the signed statement of it.
#include "sources/coverage.h"

#include "api/service.h"

namespace stele::api {
namespace {

constexpr UnixNanos kWait = 2'000'000'000;  // for the counting of what was just acknowledged

struct Asked {
  const log::Sequencer* log = nullptr;
  const sources::Watch* watch = nullptr;
  sources::Period period;
};

Result<Asked> read_query(const Service& service, const net::Request& request) {
  const std::string name = request.parameter("log").value_or("main");
  Asked asked;
  STELE_ASSIGN(asked.log, service.find(name));
  const auto watch = service.watches.find(name);
  if (watch == service.watches.end()) return Error{Code::kNotFound, "nobody watches the sources of " + name};
  asked.watch = watch->second;
  STELE_ASSIGN(asked.period, sources::parse_period(request.parameter("period").value_or("30d"), service.clock.now()));
  return asked;
}

Result<net::Response> coverage(const Service& service, const net::Request& request) {
  STELE_ASSIGN(const Asked asked, read_query(service, request));
  std::string body;
  STELE_TRY(asked.watch->read_at(asked.log->store()->size(), kWait, [&](const sources::Ledger& ledger) {
    body = sources::coverage_json(ledger, asked.watch->registry(), asked.period, service.clock.now());
  }));
  return json_response(200, body + "\n");
}

Result<net::Response> statement(const Service& service, const net::Request& request) {
  STELE_ASSIGN(const Asked asked, read_query(service, request));
  const auto store = asked.log->store();
  sources::StatementHead head{store->identity().origin, asked.period, 0, {}};
  std::string text;
  Status rooted;
  STELE_TRY(asked.watch->read_at(store->size(), kWait, [&](const sources::Ledger& ledger) {
    head.tree_size = ledger.size();
    const auto root = asked.log->store()->root_at(head.tree_size);
    if (!root) {
      rooted = root.error();
      return;
    }
    head.root = *root;
    text = sources::statement_text(ledger, head);
  }));
  STELE_TRY(rooted);
  STELE_ASSIGN(const std::string note, store->sign_statement(text));
  return text_response(note);
}

}  // namespace

void add_coverage_routes(Router& router, Service& service) {
  using Answer = Result<net::Response> (*)(const Service&, const net::Request&);
  const auto add = [&](const char* path, Answer answer) {
    router.add({"GET", path, access::Permission::kRead,
                [&service, answer](const net::Request& request, const PathParts&, const net::Reply& reply) {
                  auto response = answer(service, request);
                  reply.send(response ? std::move(*response) : error_response(response.error()));
                }});
  };
  add("/api/v1/coverage", &coverage);
  add("/api/v1/coverage/statement", &statement);
}

}  // namespace stele::api
