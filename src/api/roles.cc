// Roles: listed, defined, removed (docs/formats/access.md).
#include <algorithm>

#include "api/grant_json.h"
#include "api/parameters.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/grant_event.h"
#include "base/json_text.h"
#include "base/list_text.h"
#include "query/fields.h"

namespace stele::api {
namespace {

void append_role(std::string& out, const access::Role& role) {
  out += "{\"role\":";
  append_json_string(out, role.name);
  append_text_member(out, "meaning", role.meaning);
  append_list_member(out, "permissions", split_list(audit::permissions_text(role.permissions)));
  out += role.sees_audit ? ",\"sees_audit\":true" : ",\"sees_audit\":false";
  if (!role.masked.empty()) append_list_member(out, "masked", role.masked);
  out += access::find_shipped_role(role.name) == nullptr ? ",\"shipped\":false}" : ",\"shipped\":true}";
}

std::string roles_json(const access::Grants& grants, const access::Identity& identity) {
  std::string out = "{\"roles\":[";
  for (const access::Role* role : grants.roles()) {
    if (!knows_role(grants, std::string(role->name), identity)) continue;
    if (out.back() != '[') out += ',';
    append_role(out, *role);
  }
  return out + "]}\n";
}

// Roles are of all logs.
Status check_scope(const Call& call) {
  if (call.identity.logs.empty()) return {};
  return Error{Code::kDenied, call.identity.name + " has some of the logs, and roles are of all"};
}

Result<access::Role> read_role(const Parameters& parameters) {
  access::Role out;
  out.name = parameters.text("role");
  out.meaning = parameters.text("meaning");
  const auto permissions = audit::parse_permissions(parameters.text("permissions"));
  if (!permissions) {
    std::string all;
    for (std::size_t i = 0; i < access::kPermissions; ++i)
      all += (i == 0 ? "" : ", ") + std::string(permission_id(static_cast<access::Permission>(i)));
    return invalid("permissions has what there is not; there are " + all);
  }
  out.permissions = *permissions;
  STELE_ASSIGN(out.sees_audit, parameters.truth("sees_audit"));
  for (const std::string& name : split_list(parameters.text("masked"))) {
    const query::Field field = query::find_field(name);
    if (field.paths.empty()) return invalid("masked: \"" + name + "\" is no field of events");
    // "actor" is asked for as some of what stands below it, and is a member of the event: all of that is masked.
    const bool has_more = std::ranges::any_of(field.paths, [&](const std::string& path) { return path.starts_with(name + "."); });
    if (has_more)
      out.masked.push_back(name);
    else
      out.masked.insert(out.masked.end(), field.paths.begin(), field.paths.end());
  }
  return out;
}

void define(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  if (const Status scope = check_scope(call); !scope) return refuse(service, request, call, scope.error(), reply);
  const auto parameters = Parameters::read(request, {"role", "meaning", "permissions", "sees_audit", "masked"});
  const auto role = parameters ? read_role(*parameters) : Result<access::Role>(parameters.error());
  if (!role) return reply.send(error_response(role.error()));
  service.grants->define_role(*role, doer_of(request, &call.identity), [reply, role = *role](const Status& written) {
    if (!written) return reply.send(error_response(written.error()));
    std::string out;
    append_role(out, role);
    reply.send(json_response(200, out + "\n"));
  });
}

void remove(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  if (const Status scope = check_scope(call); !scope) return refuse(service, request, call, scope.error(), reply);
  const std::string& name = call.parts.at(0);
  service.grants->remove_role(name, doer_of(request, &call.identity), [reply, name](const Status& written) {
    if (!written) return reply.send(error_response(written.error()));
    std::string out = "{\"removed\":";
    append_json_string(out, name);
    reply.send(json_response(200, out + "}\n"));
  });
}

}  // namespace

void add_role_routes(Router& router, Service& service) {
  using access::Permission;
  router.add({"GET", "/api/v1/roles", Permission::kGrant,
              audit::OnRecord::gathered("stele.roles.listed", "listed the roles of").of_no_log(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                answer_grants(service, request, reply,
                              [identity = call.identity](const access::Grants& grants) { return roles_json(grants, identity); });
              }});
  const auto defines_guarded_role = [&service](const net::Request& request, const Call&) {
    const auto parameters = Parameters::read_all(request, true);
    const auto permissions = parameters ? audit::parse_permissions(parameters->text("permissions")) : std::nullopt;
    return permissions && permissions->has_any(service.approvals->guarded());
  };
  router.add(guarded(defines_guarded_role, {"POST", "/api/v1/roles", Permission::kGrant, audit::OnRecord::by_itself().of_no_log(),
                                            [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                                              define(service, request, call, reply);
                                            }}));
  router.add({"POST", "/api/v1/roles/{role}/remove", Permission::kGrant, audit::OnRecord::by_itself().of_no_log(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                remove(service, request, call, reply);
              }});
}

}  // namespace stele::api
