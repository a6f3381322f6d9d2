#include "api/use.h"

#include <utility>
#include <vector>

#include "event/json_value.h"
#include "log/names.h"

namespace stele::api {
namespace {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// Those of a body that is no JSON object are none: its handler refuses it.
NamedTexts parameters_of(const net::Request& request) {
  NamedTexts out = request.parameters();
  if (request.method != "POST" || request.body.empty()) return out;
  constexpr std::uint32_t kBytesMax = 256U << 10;
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(request.body, {kBytesMax, 64, 20'000}, error)) return out;
  event::JsonValue(tape).for_each_member([&](std::string_view name, const event::JsonValue& value) {
    out.emplace_back(name, value.is(event::JsonType::kString) ? value.text() : std::string(value.raw()));
  });
  return out;
}

}  // namespace

audit::Doer doer_of(const net::Request& request, const access::Identity* identity) {
  std::string address = request.peer.address.substr(0, request.peer.address.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (request.peer.credentials) address.clear();
  return identity == nullptr ? audit::Doer{"", "", address} : audit::Doer{identity->text, identity->name, address};
}

audit::Look look_of(const net::Request& request, const Route& route, const Call& call) {
  audit::Look out{doer_of(request, &call.identity), route.on_record, std::string(log::kMainLog), request.path, {}, {}, false};
  for (const auto& [name, value] : parameters_of(request)) {
    if (name == "log") {
      out.log = value;
    } else if (name == "q" || name == "query") {
      out.query = value;
    } else if (name == "cursor") {
      out.continues = true;
    } else {
      out.parameters += (out.parameters.empty() ? "" : "&") + name + "=" + value;
    }
  }
  if (route.pattern.starts_with("/log/{log}/")) out.log = call.parts.front();
  // Who watches it makes few entries, or he would watch himself.
  if (out.log == log::kAuditLog) out.kind.is_gathered = true;
  return out;
}

}  // namespace stele::api
