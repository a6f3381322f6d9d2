// /api/v1/configuration: how the server is set, or was (docs/formats/access.md).
#include "api/grant_json.h"
#include "api/responses.h"
#include "api/searching.h"
#include "api/service.h"
#include "api/use.h"
#include "base/json_text.h"

namespace stele::api {
namespace {

std::string configuration_json(const audit::Configuration& configuration) {
  std::string out = "{\"configuration\":{";
  for (const auto& [name, value] : configuration) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  return out + "}}\n";
}

}  // namespace

void add_configuration_routes(Router& router, Service& service) {
  router.add({"GET", "/api/v1/configuration", access::Permission::kObserve,
              audit::OnRecord::gathered("stele.configuration.seen", "looked at the configuration of").of_no_log(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                // It names all logs, and is of all times.
                if (!call.identity.logs.empty() || !call.identity.sees_whole())
                  return refuse(service, request, call,
                                {Code::kDenied, call.identity.name + " has a part of the logs, and the configuration is of all"},
                                reply);
                const auto at = read_at(request, service.clock.now());
                if (!at) return reply.send(error_response(at.error()));
                answer_search(service, reply,
                              [&service, time = at->value_or(service.clock.now())](const GoOn&) -> Result<net::Response> {
                                STELE_ASSIGN(const auto configuration, service.configuration->as_of(time));
                                return json_response(200, configuration_json(configuration));
                              });
              }});
}

}  // namespace stele::api
