#include "api/grant_json.h"

#include <algorithm>

#include "base/json_text.h"
#include "sources/registry.h"

namespace stele::api {
namespace {

// A time, or how long from now.
Result<UnixNanos> read_expiry(const std::string& text, UnixNanos now) {
  if (const auto span = sources::parse_span(text)) return now + *span;
  if (const auto time = parse_time(text)) return *time;
  return invalid("expires is a time such as 2027-01-31T00:00:00Z, or how long from now, such as 90d; not \"" + text + "\"");
}

}  // namespace

void append_text_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"" + std::string(name) + "\":";
  append_json_string(out, text);
}

void append_grant(std::string& out, const access::Grant& grant) {
  out += "{\"id\":";
  append_json_string(out, grant.id);
  append_text_member(out, "name", grant.name);
  append_text_member(out, "role", grant.role);
  if (!grant.source.empty()) append_text_member(out, "source", grant.source);
  if (!grant.logs.empty()) {
    out += ",\"logs\":[";
    for (const std::string& log : grant.logs) {
      if (&log != grant.logs.data()) out += ',';
      append_json_string(out, log);
    }
    out += ']';
  }
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

bool is_within(const access::Grant& grant, const access::Identity& identity) {
  if (grant.logs.empty()) return identity.logs.empty();
  return std::ranges::all_of(grant.logs, [&](const std::string& log) { return identity.is_for(log); });
}

Result<audit::GrantBook::Wanted> read_wanted(const Service& service, const Parameters& parameters,
                                             const access::Identity& identity) {
  audit::GrantBook::Wanted out;
  out.name = parameters.text("name");
  out.role = parameters.text("role");
  out.source = parameters.text("source");
  const std::string logs = parameters.text("logs");
  for (std::string_view rest = logs; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string log(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (!identity.is_for(log) || !service.logs.contains(log)) return invalid("logs: there is no log \"" + log + "\"");
    if (std::ranges::find(out.logs, log) == out.logs.end()) out.logs.push_back(log);
  }
  if (out.logs.empty()) out.logs = identity.logs;
  if (const std::string expires = parameters.text("expires"); !expires.empty()) {
    STELE_ASSIGN(out.expires, read_expiry(expires, service.clock.now()));
  }
  return out;
}

}  // namespace stele::api
