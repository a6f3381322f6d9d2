#include "audit/grant_event.h"

#include "base/bytes.h"
#include "base/list_text.h"
#include "event/entry.h"
#include "event/json_value.h"

namespace stele::audit {
namespace {

using event::JsonValue;

using access::Holder;

constexpr std::string_view kTokenCreated = "stele.token.created";
constexpr std::string_view kTokenRevoked = "stele.token.revoked";
constexpr std::string_view kUserCreated = "stele.user.created";
constexpr std::string_view kUserRevoked = "stele.user.revoked";
constexpr std::string_view kRoleDefined = "stele.role.defined";
constexpr std::string_view kRoleRemoved = "stele.role.removed";

event::InternalEvent event_about(std::string_view type, const std::string& id, const Doer& doer, std::string_view action,
                                 UnixNanos now) {
  event::InternalEvent event = event_by(doer, action, now);
  event.category = "permission_change";
  event.severity = "notice";
  event.targets = {{std::string(type), id}};
  return event;
}

event::InternalEvent event_about(const access::Grant& grant, const Doer& doer, std::string_view action, UnixNanos now) {
  return event_about(holder_name(grant.holder), grant.id, doer, action, now);
}

std::string where_of(const access::Grant& grant) {
  std::string out = grant.logs.empty() ? " of all logs" : " of " + join(grant.logs);
  if (!grant.source.empty()) out += ", as the source " + grant.source + " alone";
  out += sight_text(grant.sight);
  return out + (grant.expires ? "; the grant ends at " + format_time(*grant.expires) : "");
}

Result<access::Grant> read_created(JsonValue event) {
  const JsonValue attributes = event["attributes"];
  access::Grant grant;
  grant.holder = event["action"].text() == kUserCreated ? Holder::kUser : Holder::kToken;
  grant.id = event["targets"].first()["id"].text();
  grant.name = attributes["name"].text();
  grant.role = attributes["role"].text();
  grant.source = attributes["source"].text();
  grant.logs = split_list(attributes["logs"].text());
  grant.sight.categories = split_list(attributes["categories"].text());
  grant.created_by = event["actor"]["id"].text();
  const auto created = parse_time(event["time"].text());
  const auto digest = hex_decode(attributes["digest"].text());
  for (const auto& [name, time] :
       {std::pair{"expires", &grant.expires}, {"since", &grant.sight.since}, {"until", &grant.sight.until}}) {
    const JsonValue text = attributes[name];
    if (!text) continue;
    *time = parse_time(text.text());
    if (!*time) return corrupt("its time " + std::string(name) + " is none");
  }
  if (!created || grant.id.empty() || grant.role.empty()) return corrupt("it does not say what was granted");
  grant.created = *created;
  if (grant.holder == Holder::kUser) return grant;
  if (!digest || digest->size() != grant.digest.size()) return corrupt("it does not say which token");
  std::memcpy(grant.digest.data(), digest->data(), grant.digest.size());
  return grant;
}

Result<access::Role> read_role(JsonValue event) {
  const JsonValue attributes = event["attributes"];
  access::Role role;
  role.name = event["targets"].first()["id"].text();
  role.meaning = attributes["meaning"].text();
  const auto permissions = parse_permissions(attributes["permissions"].text());
  if (role.name.empty() || !permissions) return corrupt("it does not say what the role may");
  role.permissions = *permissions;
  role.sees_audit = attributes["sees_audit"].is(event::JsonType::kTrue);
  role.masked = split_list(attributes["masked"].text());
  return role;
}

}  // namespace

std::string permissions_text(access::Permissions permissions) {
  std::string out;
  for (std::size_t i = 0; i < access::kPermissions; ++i) {
    const auto one = static_cast<access::Permission>(i);
    if (permissions.has(one)) out += (out.empty() ? "" : ",") + std::string(permission_id(one));
  }
  return out;
}

std::optional<access::Permissions> parse_permissions(std::string_view text) {
  access::Permissions out;
  for (const std::string& id : split_list(text)) {
    const auto one = access::find_permission(id);
    if (!one) return std::nullopt;
    out.add(*one);
  }
  return out;
}

event::InternalEvent created_event(const access::Grant& grant, const Doer& doer) {
  event::InternalEvent event =
      event_about(grant, doer, grant.holder == Holder::kUser ? kUserCreated : kTokenCreated, grant.created);
  event.message = "The " + std::string(holder_name(grant.holder)) + " " + grant.id + ", \"" + grant.name +
                  "\", was given the role " + grant.role + where_of(grant) + ".";
  event.attributes = {{"name", grant.name}, {"role", grant.role}};
  if (!grant.source.empty()) event.attributes.emplace_back("source", grant.source);
  if (!grant.logs.empty()) event.attributes.emplace_back("logs", join(grant.logs));
  if (!grant.sight.categories.empty()) event.attributes.emplace_back("categories", join(grant.sight.categories));
  if (grant.sight.since) event.attributes.emplace_back("since", format_time(*grant.sight.since));
  if (grant.sight.until) event.attributes.emplace_back("until", format_time(*grant.sight.until));
  if (grant.expires) event.attributes.emplace_back("expires", format_time(*grant.expires));
  if (grant.holder == Holder::kToken) event.attributes.emplace_back("digest", hex_encode(as_byte_span(grant.digest)));
  return event;
}

event::InternalEvent revoked_event(const access::Grant& grant, const Doer& doer) {
  const bool is_user = grant.holder == Holder::kUser;
  event::InternalEvent event = event_about(grant, doer, is_user ? kUserRevoked : kTokenRevoked, *grant.revoked);
  event.message = "The " + std::string(holder_name(grant.holder)) + " " + grant.id + ", \"" + grant.name + "\", of the role " +
                  grant.role + where_of(grant) + (is_user ? ", has no access any more." : ", was revoked.");
  event.attributes = {{"name", grant.name}, {"role", grant.role}};
  return event;
}

event::InternalEvent role_defined_event(const access::Role& role, const access::Role* before, const Doer& doer, UnixNanos now) {
  event::InternalEvent event = event_about("role", role.name, doer, kRoleDefined, now);
  event.message = "The role " + role.name + " may now: " + permissions_text(role.permissions) +
                  (role.masked.empty() ? "." : "; masked: " + join(role.masked) + ".");
  const auto add = [&](const std::string& prefix, const access::Role& one) {
    event.attributes.emplace_back(prefix + "meaning", one.meaning);
    event.attributes.emplace_back(prefix + "permissions", permissions_text(one.permissions));
    event.attributes.emplace_back(prefix + "sees_audit", one.sees_audit);
    event.attributes.emplace_back(prefix + "masked", join(one.masked));
  };
  add("", role);
  if (before != nullptr) add("before_", *before);
  return event;
}

event::InternalEvent role_removed_event(const access::Role& role, const Doer& doer, UnixNanos now) {
  event::InternalEvent event = event_about("role", role.name, doer, kRoleRemoved, now);
  event.message = "The role " + role.name + " is no more.";
  return event;
}

Result<std::optional<GrantChange>> read_grant_change(std::string_view entry) {
  using Kind = GrantChange::Kind;
  const auto is_about = [&](std::string_view what) {
    return entry.find("\"action\":\"stele." + std::string(what) + ".") != std::string_view::npos;
  };
  if (!event::is_internal_entry(entry) || (!is_about("token") && !is_about("user") && !is_about("role")))
    return std::optional<GrantChange>();
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  if (!tape.parse(entry, limits, error)) return corrupt("an entry about a grant cannot be read: " + error.message);
  const JsonValue event = JsonValue(tape)["event"];
  const std::string action = event["action"].text();
  GrantChange change;
  if (action == kTokenCreated || action == kUserCreated) {
    auto grant = read_created(event);
    if (!grant) return grant.error().in("an entry about a grant");
    change.grant = std::move(*grant);
  } else if (action == kTokenRevoked || action == kUserRevoked) {
    change.kind = Kind::kRevoked;
    change.grant.holder = action == kUserRevoked ? Holder::kUser : Holder::kToken;
    change.grant.id = event["targets"].first()["id"].text();
    change.grant.revoked = parse_time(event["time"].text());
    change.grant.revoked_by = event["actor"]["id"].text();
    if (!change.grant.revoked) return corrupt("an entry about a grant does not say when it was revoked");
  } else if (action == kRoleDefined) {
    change.kind = Kind::kRoleDefined;
    auto role = read_role(event);
    if (!role) return role.error().in("an entry about a role");
    change.role = std::move(*role);
  } else if (action == kRoleRemoved) {
    change.kind = Kind::kRoleRemoved;
    change.role.name = event["targets"].first()["id"].text();
  } else {
    return std::optional<GrantChange>();
  }
  return std::optional(std::move(change));
}

}  // namespace stele::audit
