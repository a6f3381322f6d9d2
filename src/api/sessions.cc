// Sessions, ended by whoever may grant: of people whom a provider vouches for, who have no grant to be taken
// (docs/formats/access.md).
#include <algorithm>

#include "api/parameters.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/login_event.h"

namespace stele::api {
namespace {

// Whether the caller knows of all that they know of.
bool are_within(const std::vector<access::Identity>& sessions, const access::Identity& caller) {
  return caller.logs.empty() || std::ranges::all_of(sessions, [&](const access::Identity& one) {
           return !one.logs.empty() && std::ranges::all_of(one.logs, [&](const std::string& log) { return caller.is_for(log); });
         });
}

void end_sessions(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto given = Parameters::read(request, {"identity"});
  if (!given) return reply.send(error_response(given.error()));
  const std::string identity = given->text("identity");
  if (identity.empty()) return reply.send(error_response(invalid("identity says whose sessions, as entries name him")));
  const auto open = service.login.sessions->open_of(identity);
  if (open.empty() || !are_within(open, call.identity))
    return refuse(service, request, call, {Code::kNotFound, identity + " has no session"}, reply);
  service.recorder->record(
      audit::sessions_ended_event(doer_of(request, &call.identity), identity, open.size(), service.clock.now()),
      [&service, identity, reply](const Status& recorded) {
        if (!recorded) return reply.send(error_response(recorded.error()));
        reply.send(json_response(200, "{\"sessions\":" + std::to_string(service.login.sessions->end_all(identity)) + "}\n"));
      });
}

}  // namespace

void add_session_routes(Router& router, Service& service) {
  router.add({"POST", "/api/v1/sessions/end", access::Permission::kGrant, audit::OnRecord::by_itself(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                end_sessions(service, request, call, reply);
              }});
}

}  // namespace stele::api
