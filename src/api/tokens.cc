// Tokens: made, listed, revoked (docs/formats/access.md).
#include "api/grant_json.h"
#include "api/parameters.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/grant_book.h"

namespace stele::api {
namespace {

void create_token(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto parameters =
      Parameters::read(request, {"name", "role", "source", "logs", "categories", "since", "until", "expires"});
  const auto wanted =
      parameters ? read_wanted(service, *parameters, call.identity) : Result<audit::GrantBook::Wanted>(parameters.error());
  if (!wanted) return refuse(service, request, call, wanted.error(), reply);
  service.grants->create(*wanted, doer_of(request, &call.identity),
                         [&service, reply](const Result<audit::GrantBook::Created>& created) {
                           if (!created) return reply.send(error_response(created.error()));
                           if (service.login.credentials != nullptr) service.login.credentials->drop_setup();
                           std::string out;
                           append_grant(out, created->grant);
                           append_text_member(out, "token", created->token);
                           reply.send(json_response(200, out + "}\n"));
                         });
}

void revoke_token(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const std::string& id = call.parts.at(0);
  const auto grant = service.grants->grants().find(access::Holder::kToken, id);
  if (!grant || !is_within(*grant, call.identity))
    return refuse(service, request, call, {Code::kNotFound, "there is no token " + id}, reply);
  service.grants->revoke(access::Holder::kToken, id, doer_of(request, &call.identity),
                         [reply](const Result<access::Grant>& revoked) {
                           if (!revoked) return reply.send(error_response(revoked.error()));
                           std::string out;
                           append_grant(out, *revoked);
                           reply.send(json_response(200, out + "}\n"));
                         });
}

}  // namespace

void add_token_routes(Router& router, Service& service) {
  using access::Permission;
  router.add({"GET", "/api/v1/tokens", Permission::kGrant,
              audit::OnRecord::gathered("stele.tokens.listed", "listed the tokens of").of_no_log(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                answer_grants(service, request, reply, [identity = call.identity](const access::Grants& grants) {
                  return grants_json(grants, access::Holder::kToken, identity);
                });
              }});
  const auto gives_guarded_role = [&service](const net::Request& request, const Call&) {
    const auto parameters = Parameters::read_all(request, true);
    return parameters && is_guarded_role(service, parameters->text("role"));
  };
  router.add(guarded(gives_guarded_role, {"POST", "/api/v1/tokens", Permission::kGrant, audit::OnRecord::by_itself().of_no_log(),
                                          [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                                            create_token(service, request, call, reply);
                                          }}));
  router.add({"POST", "/api/v1/tokens/{id}/revoke", Permission::kGrant, audit::OnRecord::by_itself().of_no_log(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                revoke_token(service, request, call, reply);
              }});
}

}  // namespace stele::api
