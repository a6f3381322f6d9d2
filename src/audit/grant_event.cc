#include "audit/grant_event.h"

#include "base/bytes.h"
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

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : ",") + one;
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

event::InternalEvent event_about(const access::Grant& grant, const Doer& doer) {
  event::InternalEvent event;
  event.actor_type = "user";
  event.actor_id = doer.identity;
  event.actor_name = doer.name;
  event.origin_ip = doer.address;
  event.category = "permission_change";
  event.severity = "notice";
  event.targets = {{std::string(holder_name(grant.holder)), grant.id}};
  return event;
}

std::string where_of(const access::Grant& grant) {
  std::string out = grant.logs.empty() ? " of all logs" : " of " + joined(grant.logs);
  if (!grant.source.empty()) out += ", as the source " + grant.source + " alone";
  return out + (grant.expires ? ", until " + format_time(*grant.expires) : "");
}

Result<access::Grant> read_created(JsonValue event) {
  const JsonValue attributes = event["attributes"];
  access::Grant grant;
  grant.holder = event["action"].text() == kUserCreated ? Holder::kUser : Holder::kToken;
  grant.id = event["targets"].first()["id"].text();
  grant.name = attributes["name"].text();
  grant.role = attributes["role"].text();
  grant.source = attributes["source"].text();
  grant.logs = split(attributes["logs"].text());
  grant.created_by = event["actor"]["id"].text();
  const auto created = parse_time(event["time"].text());
  const auto digest = hex_decode(attributes["digest"].text());
  if (const JsonValue expires = attributes["expires"]) {
    grant.expires = parse_time(expires.text());
    if (!grant.expires) return corrupt("its time of expiry is none");
  }
  if (!created || grant.id.empty() || access::find_role(grant.role) == nullptr)
    return corrupt("it does not say what was granted");
  grant.created = *created;
  if (grant.holder == Holder::kUser) return grant;
  if (!digest || digest->size() != grant.digest.size()) return corrupt("it does not say which token");
  std::memcpy(grant.digest.data(), digest->data(), grant.digest.size());
  return grant;
}

}  // namespace

event::InternalEvent created_event(const access::Grant& grant, const Doer& doer) {
  event::InternalEvent event = event_about(grant, doer);
  event.time = grant.created;
  event.action = grant.holder == Holder::kUser ? kUserCreated : kTokenCreated;
  event.message = "The " + std::string(holder_name(grant.holder)) + " " + grant.id + ", \"" + grant.name +
                  "\", was given the role " + grant.role + where_of(grant) + ".";
  event.attributes = {{"name", grant.name}, {"role", grant.role}};
  if (!grant.source.empty()) event.attributes.emplace_back("source", grant.source);
  if (!grant.logs.empty()) event.attributes.emplace_back("logs", joined(grant.logs));
  if (grant.expires) event.attributes.emplace_back("expires", format_time(*grant.expires));
  if (grant.holder == Holder::kToken) event.attributes.emplace_back("digest", hex_encode(as_byte_span(grant.digest)));
  return event;
}

event::InternalEvent revoked_event(const access::Grant& grant, const Doer& doer) {
  event::InternalEvent event = event_about(grant, doer);
  event.time = *grant.revoked;
  const bool is_user = grant.holder == Holder::kUser;
  event.action = is_user ? kUserRevoked : kTokenRevoked;
  event.message = "The " + std::string(holder_name(grant.holder)) + " " + grant.id + ", \"" + grant.name + "\", of the role " +
                  grant.role + where_of(grant) + (is_user ? ", has no access any more." : ", was revoked.");
  event.attributes = {{"name", grant.name}, {"role", grant.role}};
  return event;
}

Result<std::optional<GrantChange>> read_grant_change(std::string_view entry) {
  const auto is_about = [&](std::string_view what) {
    return entry.find("\"action\":\"stele." + std::string(what) + ".") != std::string_view::npos;
  };
  if (!event::is_internal_entry(entry) || (!is_about("token") && !is_about("user"))) return std::optional<GrantChange>();
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  if (!tape.parse(entry, limits, error)) return corrupt("an entry about a grant cannot be read: " + error.message);
  const JsonValue event = JsonValue(tape)["event"];
  const std::string action = event["action"].text();
  if (action == kTokenCreated || action == kUserCreated) {
    auto grant = read_created(event);
    if (!grant) return grant.error().in("an entry about a grant");
    return std::optional(GrantChange{std::move(*grant), false});
  }
  if (action != kTokenRevoked && action != kUserRevoked) return std::optional<GrantChange>();
  GrantChange change{{}, true};
  change.grant.holder = action == kUserRevoked ? Holder::kUser : Holder::kToken;
  change.grant.id = event["targets"].first()["id"].text();
  change.grant.revoked = parse_time(event["time"].text());
  change.grant.revoked_by = event["actor"]["id"].text();
  if (!change.grant.revoked) return corrupt("an entry about a grant does not say when it was revoked");
  return std::optional(std::move(change));
}

}  // namespace stele::audit
