// What waits for a second person: listed, approved, refused (docs/formats/access.md).
#include "access/approvals.h"

#include "api/grant_json.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/approval_event.h"
#include "base/json_text.h"

namespace stele::api {
namespace {

using audit::ApprovalStep;

void append_approval(std::string& out, const access::Approval& one) {
  out += "{\"id\":";
  append_json_string(out, one.id);
  append_text_member(out, "permission", permission_id(one.act.permission));
  append_text_member(out, "asked_by", one.asked_by);
  append_text_member(out, "name", one.asked_by_name);
  append_text_member(out, "asked", format_time(one.asked));
  append_text_member(out, "until", format_time(one.until));
  append_text_member(out, "method", one.act.method);
  append_text_member(out, "target", one.act.target);
  if (!one.act.body.empty()) append_text_member(out, "body", one.act.body);
  if (!one.given_by.empty()) append_text_member(out, "given_by", one.given_by);
  out += '}';
}

void list(const Service& service, const Call& call, const net::Reply& reply) {
  std::string out = "{\"approvals\":[";
  for (const access::Approval& one : service.approvals->list(call.identity)) {
    if (out.back() != '[') out += ',';
    append_approval(out, one);
  }
  reply.send(json_response(200, out + "]}\n"));
}

// Puts the step on record, and then takes it.
void record(const Service& service, ApprovalStep step, access::Approval one, const net::Request& request, const Call& call,
            const net::Reply& reply, std::function<Status()> then) {
  const auto event = approval_event(step, one, doer_of(request, &call.identity), service.clock.now());
  service.recorder->record(event, [one = std::move(one), reply, then = std::move(then)](const Status& recorded) {
    const Status taken = recorded ? then() : recorded;
    if (!taken) return reply.send(error_response(taken.error()));
    std::string out;
    append_approval(out, one);
    reply.send(json_response(200, out + "\n"));
  });
}

void give(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto behind = service.grants->grants().lineage(call.identity.text);
  auto one = service.approvals->to_give(call.parts.at(0), call.identity, behind);
  if (!one) return refuse(service, request, call, one.error(), reply);
  one->given_by = call.identity.text;
  record(service, ApprovalStep::kGiven, *one, request, call, reply,
         [&service, id = one->id, identity = call.identity, behind] { return service.approvals->give(id, identity, behind); });
}

void take_away(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto one = service.approvals->find(call.parts.at(0), call.identity);
  if (!one) return refuse(service, request, call, one.error(), reply);
  record(service, ApprovalStep::kRefused, *one, request, call, reply, [&service, id = one->id] {
    service.approvals->refuse(id);
    return Status();
  });
}

}  // namespace

void add_approval_routes(Router& router, Service& service) {
  using access::Permission;
  const auto add = [&](const char* method, const char* pattern, audit::OnRecord on_record, RouteHandler handler) {
    router.add({method, pattern, Permission::kGrant, on_record, std::move(handler), Gate::kKnown});
  };
  add("GET", "/api/v1/approvals", audit::OnRecord::never(),
      [&service](const net::Request&, const Call& call, const net::Reply& reply) { list(service, call, reply); });
  add("POST", "/api/v1/approvals/{id}/give", audit::OnRecord::by_itself(),
      [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
        give(service, request, call, reply);
      });
  add("POST", "/api/v1/approvals/{id}/refuse", audit::OnRecord::by_itself(),
      [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
        take_away(service, request, call, reply);
      });
}

}  // namespace stele::api
