// Users: given access and invited, listed, and their access taken (docs/formats/access.md).
#include <algorithm>

#include "api/grant_json.h"
#include "api/parameters.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/login_event.h"

namespace stele::api {
namespace {

using access::Holder;

// At the desk. Answers with the invitation that was made, or with another one where that is none any more.
void answer_invited(const Service& service, const access::Grant& grant, const std::string& made, const net::Reply& reply) {
  const bool is_good = service.login.credentials->invited(made) == grant.id;
  const auto invitation = is_good ? Result<std::string>(made) : service.login.credentials->invite(grant.id);
  service.login.sessions->end_all(identity_text(grant));
  if (!invitation) return reply.send(error_response(invitation.error()));
  std::string out;
  append_grant(out, grant);
  append_text_member(out, "invitation", *invitation);
  append_text_member(out, "link", "/login#invitation=" + *invitation);
  reply.send(json_response(200, out + "}\n"));
}

// Users are of the whole server: who has some of its logs would learn from a name that is taken that there is somebody of another
// one. So his are named after one of his.
Status may_name(const std::string& user, const access::Identity& identity) {
  const auto ends_so = [&](const std::string& log) { return user.size() > log.size() + 1 && user.ends_with("@" + log); };
  if (identity.logs.empty() || std::ranges::any_of(identity.logs, ends_so)) return {};
  return Error{Code::kDenied, identity.name + " has some of the logs, and names users after one: NAME@" + identity.logs.front()};
}

// What he may have had before proves nothing by the time that he has access. The invitation is made first: one who has no access
// has nothing by it, and what has no space for it gives no access either.
void create_user(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto parameters = Parameters::read(request, {"user", "name", "role", "logs", "categories", "since", "until", "expires"});
  auto wanted =
      parameters ? read_wanted(service, *parameters, call.identity) : Result<audit::GrantBook::Wanted>(parameters.error());
  if (!wanted) return refuse(service, request, call, wanted.error(), reply);
  const std::string user = parameters->text("user");
  if (const Status may = may_name(user, call.identity); !may) return refuse(service, request, call, may.error(), reply);
  if (wanted->name.empty()) wanted->name = user;
  const login::Flow flow{call.identity.text, true};
  at_the_desk(service.login, flow, reply, [&service, reply, user, wanted = *wanted, doer = doer_of(request, &call.identity)] {
    std::string invitation;
    if (!service.grants->grants().user(user, service.clock.now())) {
      const auto made = service.login.credentials->invite(user);
      if (!made) return reply.send(error_response(made.error()));
      invitation = *made;
      service.login.sessions->end_all("user:" + user);
    }
    service.grants->create_user(user, wanted, doer, [&service, reply, invitation](const Result<access::Grant>& created) {
      if (!created) return reply.send(error_response(created.error()));
      service.login.credentials->drop_setup();
      back_at_the_desk(service.login, reply,
                       [&service, reply, grant = *created, invitation] { answer_invited(service, grant, invitation, reply); });
    });
  });
}

// One that the caller may know of and that holds; or the answer is sent.
std::optional<access::Grant> find_user(const Service& service, const net::Request& request, const Call& call,
                                       const net::Reply& reply) {
  const std::string id = net::percent_decode(call.parts.at(0));
  auto grant = service.grants->grants().find(Holder::kUser, id);
  if (grant && is_within(*grant, call.identity)) return grant;
  refuse(service, request, call, {Code::kNotFound, "there is no user " + id}, reply);
  return std::nullopt;
}

void invite(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto grant = find_user(service, request, call, reply);
  if (!grant) return;
  if (const auto holds = service.grants->grants().user(grant->id, service.clock.now()); !holds)
    return reply.send(error_response(invalid("the user " + grant->id + " has no access any more")));
  // Whoever has the invitation becomes that user.
  if (service.approvals->guards(access::Permission::kGrant) && is_guarded_role(service, grant->role) &&
      !request.peer.credentials) {
    return refuse(service, request, call,
                  {Code::kDenied, "who may what takes a second person is invited anew by whoever has the data directory alone"},
                  reply);
  }
  service.recorder->record(audit::invited_event(doer_of(request, &call.identity), grant->id, service.clock.now()),
                           [&service, reply, grant = *grant](const Status& recorded) {
                             if (!recorded) return reply.send(error_response(recorded.error()));
                             back_at_the_desk(service.login, reply,
                                              [&service, reply, grant] { answer_invited(service, grant, "", reply); });
                           });
}

void revoke_user(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto grant = find_user(service, request, call, reply);
  if (!grant) return;
  service.grants->revoke(Holder::kUser, grant->id, doer_of(request, &call.identity),
                         [&service, reply](const Result<access::Grant>& revoked) {
                           if (!revoked) return reply.send(error_response(revoked.error()));
                           service.login.sessions->end_all(identity_text(*revoked));
                           back_at_the_desk(service.login, reply, [&service, reply, grant = *revoked] {
                             // Without access his password is worth nothing, and it is replaced before he has any again.
                             (void)service.login.credentials->forget(grant.id);
                             std::string out;
                             append_grant(out, grant);
                             reply.send(json_response(200, out + "}\n"));
                           });
                         });
}

}  // namespace

void add_user_routes(Router& router, Service& service) {
  using access::Permission;
  using Answer = void (*)(const Service&, const net::Request&, const Call&, const net::Reply&);
  router.add({"GET", "/api/v1/users", Permission::kGrant,
              audit::OnRecord::gathered("stele.users.listed", "listed the users of").of_no_log(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                answer_grants(service, request, reply, [identity = call.identity](const access::Grants& grants) {
                  return grants_json(grants, Holder::kUser, identity);
                });
              }});
  const auto add = [&](const char* pattern, Answer answer, std::function<bool(const net::Request&, const Call&)> is_guarded) {
    router.add(
        guarded(std::move(is_guarded), {"POST", pattern, Permission::kGrant, audit::OnRecord::by_itself().of_no_log(),
                                        [&service, answer](const net::Request& request, const Call& call,
                                                           const net::Reply& reply) { answer(service, request, call, reply); }}));
  };
  add("/api/v1/users", &create_user, [&service](const net::Request& request, const Call&) {
    const auto parameters = Parameters::read_all(request, true);
    return parameters && is_guarded_role(service, parameters->text("role"));
  });
  add("/api/v1/users/{user}/invite", &invite, nullptr);
  add("/api/v1/users/{user}/revoke", &revoke_user, nullptr);
}

}  // namespace stele::api
