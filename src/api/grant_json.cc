#include "api/grant_json.h"

#include <algorithm>

#include "api/responses.h"
#include "api/searching.h"
#include "base/json_text.h"
#include "base/list_text.h"
#include "event/schema.h"
#include "query/moment.h"
#include "sources/registry.h"

namespace stele::api {
namespace {

// A time, or how long from now.
Result<UnixNanos> read_expiry(const std::string& text, UnixNanos now) {
  if (const auto span = sources::parse_span(text)) return now + *span;
  if (const auto time = parse_time(text)) return *time;
  return invalid("expires is a time such as 2027-01-31T00:00:00Z, or how long from now, such as 90d; not \"" + text + "\"");
}

Result<access::Sight> read_sight(const Parameters& parameters, UnixNanos now) {
  access::Sight out;
  out.categories = split_list(parameters.text("categories"));
  for (const std::string& category : out.categories) {
    if (std::ranges::find(event::categories(), category) != event::categories().end()) continue;
    std::vector<std::string> all(event::categories().begin(), event::categories().end());
    return invalid("categories: there is no category \"" + category + "\"; there are " + join(all, ", "));
  }
  const auto read = [&](const std::string& name) -> Result<std::optional<query::Moment>> {
    const std::string text = parameters.text(name);
    if (text.empty()) return std::optional<query::Moment>();
    auto moment = query::parse_moment(text, now);
    if (!moment) return invalid(name + " is a time, as 2026-11-23 or 2026-11-23T16:20, not \"" + text + "\"");
    return moment;
  };
  STELE_ASSIGN(const auto since, read("since"));
  STELE_ASSIGN(const auto until, read("until"));
  if (since) out.since = since->first;
  if (until) out.until = until->relative ? until->first : until->end;  // a day is meant whole
  return out;
}

}  // namespace

void append_text_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"" + std::string(name) + "\":";
  append_json_string(out, text);
}

void append_list_member(std::string& out, std::string_view name, const std::vector<std::string>& list) {
  out += ",\"" + std::string(name) + "\":[";
  for (const std::string& one : list) {
    if (&one != list.data()) out += ',';
    append_json_string(out, one);
  }
  out += ']';
}

void append_grant(std::string& out, const access::Grant& grant) {
  out += "{\"id\":";
  append_json_string(out, grant.id);
  append_text_member(out, "name", grant.name);
  append_text_member(out, "role", grant.role);
  if (!grant.source.empty()) append_text_member(out, "source", grant.source);
  if (!grant.logs.empty()) append_list_member(out, "logs", grant.logs);
  if (!grant.sight.categories.empty()) append_list_member(out, "categories", grant.sight.categories);
  if (grant.sight.since) append_text_member(out, "since", format_time(*grant.sight.since));
  if (grant.sight.until) append_text_member(out, "until", format_time(*grant.sight.until));
  append_text_member(out, "created", format_time(grant.created));
  append_text_member(out, "created_by", grant.created_by);
  if (grant.expires) append_text_member(out, "expires", format_time(*grant.expires));
  if (grant.revoked) {
    append_text_member(out, "revoked", format_time(*grant.revoked));
    append_text_member(out, "revoked_by", grant.revoked_by);
  }
}

std::string grants_json(const access::Grants& grants, access::Holder holder, const access::Identity& identity) {
  std::string out = "{\"" + std::string(holder_name(holder)) + "s\":[";
  for (const auto& [grant, last_used] : grants.list(holder)) {
    if (!is_within(grant, identity)) continue;
    if (out.back() != '[') out += ',';
    append_grant(out, grant);
    if (last_used != 0) append_text_member(out, "last_used", format_time(last_used));
    out += '}';
  }
  return out + "]}\n";
}

Result<std::optional<UnixNanos>> read_at(const net::Request& request, UnixNanos now) {
  const auto at = request.parameter("at");
  if (!at) return std::optional<UnixNanos>();
  const auto moment = query::parse_moment(*at, now);
  if (!moment) return invalid("at is a time, as 2026-11-23T16:20, not \"" + *at + "\"");
  return std::optional(moment->relative ? moment->first : moment->end - 1);
}

void answer_grants(const Service& service, const net::Request& request, const net::Reply& reply,
                   std::function<std::string(const access::Grants&)> make) {
  const auto at = read_at(request, service.clock.now());
  if (!at) return reply.send(error_response(at.error()));
  if (!*at) return reply.send(json_response(200, make(service.grants->grants())));
  answer_search(service, reply, [&service, time = **at, make = std::move(make)](const GoOn&) -> Result<net::Response> {
    STELE_ASSIGN(const auto grants, service.grants->as_of(time));
    return json_response(200, make(*grants));
  });
}

bool is_guarded_role(const Service& service, const std::string& role) {
  const access::Role* const found = service.grants->grants().find_role(role);
  return found != nullptr && found->permissions.has_any(service.approvals->guarded());
}

bool is_within(const access::Grant& grant, const access::Identity& identity) {
  if (grant.logs.empty()) return identity.logs.empty();
  return std::ranges::all_of(grant.logs, [&](const std::string& log) { return identity.is_for(log); });
}

bool knows_role(const access::Grants& grants, const std::string& role, const access::Identity& identity) {
  if (identity.logs.empty() || access::find_shipped_role(role) != nullptr) return true;
  const auto gives_it = [&](const auto& one) { return one.grant.role == role && is_within(one.grant, identity); };
  return identity.role->name == role || std::ranges::any_of(grants.list(access::Holder::kToken), gives_it) ||
         std::ranges::any_of(grants.list(access::Holder::kUser), gives_it);
}

Result<audit::GrantBook::Wanted> read_wanted(const Service& service, const Parameters& parameters,
                                             const access::Identity& identity) {
  audit::GrantBook::Wanted out;
  out.name = parameters.text("name");
  out.role = parameters.text("role");
  if (!knows_role(service.grants->grants(), out.role, identity))
    return Error{Code::kNotFound, "there is no role \"" + out.role + "\""};
  out.source = parameters.text("source");
  for (const std::string& log : split_list(parameters.text("logs"))) {
    // To who has some of the logs the others are as those that there are not; that he asked is on record.
    if (!identity.is_for(log) || !service.logs.contains(log))
      return Error{identity.logs.empty() ? Code::kInvalid : Code::kDenied, "logs: there is no log \"" + log + "\""};
    if (std::ranges::find(out.logs, log) == out.logs.end()) out.logs.push_back(log);
  }
  if (out.logs.empty()) out.logs = identity.logs;
  STELE_ASSIGN(out.sight, read_sight(parameters, service.clock.now()));
  if (const std::string expires = parameters.text("expires"); !expires.empty()) {
    STELE_ASSIGN(out.expires, read_expiry(expires, service.clock.now()));
  }
  return out;
}

}  // namespace stele::api
