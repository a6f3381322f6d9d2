// Tokens: made, listed, revoked (docs/formats/access.md).
#include <algorithm>

#include "api/parameters.h"
#include "api/service.h"
#include "api/use.h"
#include "audit/grant_book.h"
#include "base/json_text.h"
#include "sources/registry.h"

namespace stele::api {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"" + std::string(name) + "\":";
  append_json_string(out, text);
}

void append_grant(std::string& out, const access::Grant& grant) {
  out += "{\"id\":\"" + grant.id + '"';
  append_member(out, "name", grant.name);
  append_member(out, "role", grant.role);
  if (!grant.source.empty()) append_member(out, "source", grant.source);
  if (!grant.logs.empty()) {
    out += ",\"logs\":[";
    for (const std::string& log : grant.logs) {
      if (&log != grant.logs.data()) out += ',';
      append_json_string(out, log);
    }
    out += ']';
  }
  append_member(out, "created", format_time(grant.created));
  append_member(out, "created_by", grant.created_by);
  if (grant.expires) append_member(out, "expires", format_time(*grant.expires));
  if (grant.revoked) {
    append_member(out, "revoked", format_time(*grant.revoked));
    append_member(out, "revoked_by", grant.revoked_by);
  }
}

// Whether what was granted is within what the caller may know of.
bool is_within(const access::Grant& grant, const access::Identity& identity) {
  if (grant.logs.empty()) return identity.logs.empty();
  return std::ranges::all_of(grant.logs, [&](const std::string& log) { return identity.is_for(log); });
}

std::string list_json(const access::Grants& grants, const access::Identity& identity) {
  std::string out = "{\"tokens\":[";
  for (const auto& [grant, last_used] : grants.list()) {
    if (!is_within(grant, identity)) continue;
    if (out.back() != '[') out += ',';
    append_grant(out, grant);
    if (last_used != 0) append_member(out, "last_used", format_time(last_used));
    out += '}';
  }
  return out + "]}\n";
}

// A time, or how long from now.
Result<UnixNanos> read_expiry(const std::string& text, UnixNanos now) {
  if (const auto span = sources::parse_span(text)) return now + *span;
  if (const auto time = parse_time(text)) return *time;
  return invalid("expires is a time such as 2027-01-31T00:00:00Z, or how long from now, such as 90d; not \"" + text + "\"");
}

Result<audit::GrantBook::Wanted> read_wanted(const Service& service, const net::Request& request,
                                             const access::Identity& identity) {
  STELE_ASSIGN(const Parameters parameters, Parameters::read(request, {"name", "role", "source", "logs", "expires"}));
  audit::GrantBook::Wanted out;
  out.name = parameters.text("name");
  out.role = parameters.text("role");
  out.source = parameters.text("source");
  std::string_view rest;
  const std::string logs = parameters.text("logs");
  for (rest = logs; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string log(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (!identity.is_for(log) || !service.logs.contains(log)) return invalid("logs: there is no log \"" + log + "\"");
    if (std::ranges::find(out.logs, log) == out.logs.end()) out.logs.push_back(log);
  }
  if (out.logs.empty()) out.logs = identity.logs;  // nobody gives more than he has
  if (const std::string expires = parameters.text("expires"); !expires.empty()) {
    STELE_ASSIGN(out.expires, read_expiry(expires, service.clock.now()));
  }
  return out;
}

void create(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto wanted = read_wanted(service, request, call.identity);
  if (!wanted) return reply.send(error_response(wanted.error()));
  service.grants->create(*wanted, doer_of(request, &call.identity), [reply](const Result<audit::GrantBook::Created>& created) {
    if (!created) return reply.send(error_response(created.error()));
    std::string out;
    append_grant(out, created->grant);
    append_member(out, "token", created->token);
    reply.send(json_response(200, out + "}\n"));
  });
}

void revoke(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto grant = service.grants->grants().find(call.parts.at(0));
  if (grant && !is_within(*grant, call.identity))
    return reply.send(error_response({Code::kNotFound, "there is no token " + call.parts.at(0)}));
  service.grants->revoke(call.parts.at(0), doer_of(request, &call.identity), [reply](const Result<access::Grant>& revoked) {
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
              audit::OnRecord::gathered("stele.tokens.listed", "listed the tokens of"),
              [&service](const net::Request&, const Call& call, const net::Reply& reply) {
                reply.send(json_response(200, list_json(service.grants->grants(), call.identity)));
              }});
  router.add({"POST", "/api/v1/tokens", Permission::kGrant, audit::OnRecord::by_itself(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                create(service, request, call, reply);
              }});
  router.add({"POST", "/api/v1/tokens/{id}/revoke", Permission::kGrant, audit::OnRecord::by_itself(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                revoke(service, request, call, reply);
              }});
}

}  // namespace stele::api
