// /api/v1/coverage: which sources feed the log, what is missing, and the signed statement of it.
#include "sources/coverage.h"
#include "api/responses.h"

#include "api/service.h"

namespace stele::api {
namespace {

struct Asked {
  LogParts parts;
  sources::Period period;
};

Result<Asked> read_query(const Service& service, const net::Request& request, const Call& call) {
  const std::string name = request.parameter("log").value_or("main");
  Asked asked;
  STELE_ASSIGN(asked.parts, service.parts_of(call, name));
  STELE_ASSIGN(asked.period, sources::parse_period(request.parameter("period").value_or("30d"), service.clock.now()));
  return asked;
}

Result<net::Response> coverage(const Service& service, const Asked& asked, const sources::Ledger& ledger) {
  return json_response(200,
                       sources::coverage_json(ledger, asked.parts.watch->registry(), asked.period, service.clock.now()) + "\n");
}

Result<net::Response> statement(const Service&, const Asked& asked, const sources::Ledger& ledger) {
  const auto store = asked.parts.log->store();
  sources::StatementHead head{store->identity().origin, asked.period, ledger.size(), {}};
  STELE_ASSIGN(head.root, store->root_at(head.tree_size));
  STELE_ASSIGN(const std::string note, store->sign_statement(sources::statement_text(ledger, head)));
  return text_response(note);
}

}  // namespace

void add_coverage_routes(Router& router, Service& service) {
  using Answer = Result<net::Response> (*)(const Service&, const Asked&, const sources::Ledger&);
  const auto add = [&](const char* path, Answer answer) {
    router.add(
        {"GET", path, access::Permission::kRead, audit::OnRecord::gathered("stele.coverage.seen", "looked at the coverage of"),
         [&service, answer](const net::Request& request, const Call& call, const net::Reply& reply) {
           const auto asked = read_query(service, request, call);
           if (!asked) return reply.send(error_response(asked.error()));
           // It may take a second: the answer is made where the sources are counted, and no connection waits for it.
           asked->parts.watch->read_at(asked->parts.log->store()->size(), sources::Watch::kCountingWait,
                                       [&service, answer, asked = *asked, reply](const Result<const sources::Ledger*>& ledger) {
                                         auto response = ledger ? answer(service, asked, **ledger) : ledger.error();
                                         reply.send(response ? std::move(*response) : error_response(response.error()));
                                       });
         }});
  };
  add("/api/v1/coverage", &coverage);
  add("/api/v1/coverage/statement", &statement);
}

}  // namespace stele::api
