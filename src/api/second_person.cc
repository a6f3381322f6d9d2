#include "api/second_person.h"

#include <memory>
#include <utility>

#include "api/responses.h"
#include "api/use.h"
#include "audit/approval_event.h"

namespace stele::api {
namespace {

// Whether those who asked and approved are still who they were then.
Status still_stands(const access::Approval& approval, const access::Grants& grants, UnixNanos now) {
  for (const auto& [who, then] : {std::pair(&approval.asked_by, approval.asked), {&approval.given_by, approval.given}}) {
    const bool is_user = who->starts_with("user:");
    if (!is_user && !who->starts_with("token:")) continue;
    const auto grant =
        grants.find(is_user ? access::Holder::kUser : access::Holder::kToken, std::string_view(*who).substr(who->find(':') + 1));
    if (!grant || grant->revoked || (grant->expires && *grant->expires <= now) || grant->created > then)
      return Error{Code::kDenied, *who + " has not the access any more that it had when this was asked for or approved"};
  }
  return {};
}

}  // namespace

// Whoever has the data directory can change the policy too: that he did is on record, as this is.
bool SecondPerson::is_needed(const Route& route, const net::Request& request, const Call& call) const {
  return route.is_guarded && approvals_.guards(route.permission) && !request.peer.credentials && route.is_guarded(request, call);
}

void SecondPerson::hold(const Route& route, const net::Request& request, Call call, const net::Reply& reply,
                        RouteHandler act) const {
  access::Act wanted{route.permission, "", request.method, request.path + (request.query.empty() ? "" : "?" + request.query),
                     request.body};
  if (const auto look = look_of(request, route, call); look && !route.on_record.is_of_no_log) wanted.log = look->log;
  const auto id = request.header("stele-approval");
  if (id.empty()) return ask(wanted, request, call, reply);
  const auto used = approvals_.use(id, wanted, call.identity);
  if (!used) return refuse(recorder_, request, &call.identity, used.error(), reply);
  if (const Status stands = still_stands(*used, grants_, approvals_.now()); !stands)
    return refuse(recorder_, request, &call.identity, stands.error(), reply);
  const auto event = audit::approval_event(audit::ApprovalStep::kUsed, *used, doer_of(request, &call.identity), approvals_.now());
  // Shared: std::function copies its captures. The request is gone when the entry is there.
  const auto later = std::make_shared<std::pair<net::Request, Call>>(request, std::move(call));
  recorder_.record(event, [act = std::move(act), later, reply](const Status& recorded) {
    if (!recorded) return reply.send(error_response(recorded.error()));
    reply.post([act, later, reply] {
      try {
        act(later->first, later->second, reply);
      } catch (const std::exception&) {}  // out of memory: whoever asked is told so when the reply is let go
    });
  });
}

void SecondPerson::ask(const access::Act& act, const net::Request& request, const Call& call, const net::Reply& reply) const {
  if (!call.identity.is_token() && !call.identity.is_user() && !call.identity.is_of_provider())
    return refuse(recorder_, request, &call.identity, {Code::kDenied, "whoever asks for a second person is known himself"},
                  reply);
  const auto asked = approvals_.ask(act, call.identity, grants_.lineage(call.identity.text));
  if (!asked) return reply.send(error_response(asked.error()));
  const auto event = audit::approval_event(audit::ApprovalStep::kAsked, *asked, doer_of(request, &call.identity), asked->asked);
  recorder_.record(event, [this, asked = *asked, reply](const Status& recorded) {
    if (!recorded) {
      approvals_.refuse(asked.id);
      return reply.send(error_response(recorded.error()));
    }
    reply.send(json_response(202, "{\"approval\":\"" + asked.id + "\",\"until\":\"" + format_time(asked.until) +
                                      "\",\"message\":\"a second person is to approve this: stele approval give " + asked.id +
                                      "; then ask again with the header Stele-Approval: " + asked.id + "\"}\n"));
  });
}

}  // namespace stele::api
