// Network: HTTP, SSH, and connections of any kind.
#include <algorithm>

#include "event/schema.h"
#include "ocsf/draft.h"
#include "ocsf/objects.h"

namespace stele::ocsf {
namespace {

bool is_upper_case(std::string_view text) {
  return !text.empty() && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == std::string_view::npos;
}

// A request and no more: one with a purpose of its own is of that class, with its request beside it.
bool is_request(const Facts& facts) {
  const bool said = !http_method(facts).empty() || facts.target({"path", "url", "uri"}) != nullptr ||
                    !facts.event()["origin"]["user_agent"].text().empty() || facts.attribute("status");
  if (!said) return false;
  const bool used = facts.is_category({"user_action", "data_access", "data_export", "policy_violation"});
  if (facts.is_area({"http"}) && (used || is_upper_case(facts.action().name()))) return true;
  const bool otel = bool(facts.attribute({"http.request.method", "http.method"}));
  const bool other = facts.targets().size() > (facts.target({"path", "url", "uri"}) == nullptr ? 0U : 1U);
  return otel && !other && facts.is_category({"", "user_action", "data_access"});
}

std::int64_t http_activity(const Facts& facts) {
  const std::string method = http_method(facts);
  const auto activities = class_info(ClassId::kHttpActivity).activities;
  for (std::size_t i = 0; i < activities.size(); ++i) {
    const std::string_view name = activities[i];
    const bool same =
        name.size() == method.size() && name.substr(0, 1) == method.substr(0, 1) &&
        std::equal(name.begin() + 1, name.end(), method.begin() + 1, [](char a, char b) { return a - 'a' == b - 'A'; });
    if (same) return static_cast<std::int64_t>(i) + 1;
  }
  return is_upper_case(facts.action().name()) ? kOther : kUnknown;
}

std::int64_t connection_activity(const Facts& facts) {
  const Action& action = facts.action();
  if (action.says("disconnect") || action.says("logout") || facts.attribute("what").text() == "Close") return 2;
  if (action.says("packet")) return 6;
  if (action.says("listen")) return 7;
  if (action.says("connection") || action.says("connect") || action.says("session") || action.says("accept")) {
    if (facts.outcome() == "denied") return 5;
    return facts.outcome() == "failure" ? 4 : 1;
  }
  return kOther;
}

bool is_connection(const Action& action) {
  for (const std::string_view word : {"connection", "disconnect", "connect", "accept", "accept4", "listen", "bind", "packet"}) {
    if (action.says(word)) return true;
  }
  return false;
}

// Where it went: an address, or the host that says so.
std::string destination(Facts& facts) {
  JsonObject endpoint;
  const Target* const address = facts.target({"address", "ip"});
  if (address != nullptr && event::is_ip_address(address->id) && address->id.size() <= kAddressMax)
    endpoint.text("ip", facts.take(address));
  if (endpoint.empty())
    endpoint.text("hostname", facts.is_area({"http"}) ? facts.take(facts.target({"host"})) : host_name(facts));
  if (facts.is_area({"firewall"})) endpoint.number("port", facts.take_number(facts.attribute("port")));
  return endpoint.json();
}

}  // namespace

std::optional<Choice> choose_network(const Facts& facts) {
  const Action& action = facts.action();
  if (facts.is_category({"system_error"})) return std::nullopt;
  if (is_request(facts)) return Choice{ClassId::kHttpActivity, http_activity(facts)};
  const bool known =
      bool(facts.event()["origin"]["ip"]) || !host_name(facts).empty() || facts.target({"address", "ip"}) != nullptr;
  if (!known || facts.is_category({"data_access", "data_export"})) return std::nullopt;
  const bool session = action.says("session") || action.says("subsystem");
  if (facts.is_area({"ssh"}) && (session || is_connection(action)))
    return Choice{ClassId::kSshActivity, connection_activity(facts)};
  if (facts.is_category({"authentication", "system_activity", "security_event"}) && is_connection(action) &&
      !facts.is_area({"audit"}))
    return Choice{ClassId::kNetworkActivity, connection_activity(facts)};
  return std::nullopt;
}

void write_network(Draft& draft) {
  Facts& facts = draft.facts;
  if (draft.choice.id == ClassId::kHttpActivity) {
    const std::string request = http_request(facts);
    const std::string response = http_response(facts);
    draft.event.raw("http_request", request).raw("http_response", response);
  }
  const bool client = facts.is_area({"ssh", "postgres"});
  draft.event.raw("src_endpoint", source_endpoint(facts, facts.is_area({"firewall"}) ? "source_port" : client ? "port" : ""));
  draft.event.raw("dst_endpoint", destination(facts));
  draft.event.raw("actor", actor_object(facts));
}

}  // namespace stele::ocsf
