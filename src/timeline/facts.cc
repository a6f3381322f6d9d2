#include "timeline/facts.h"

#include <algorithm>

#include "event/json_tape.h"
#include "event/json_value.h"

namespace stele::timeline {
namespace {

using event::JsonType;
using event::JsonValue;

std::string first_of(const JsonValue& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (std::string text = object[name].text(); !text.empty()) return text;
    if (object[name].is(JsonType::kNumber)) return std::string(object[name].raw());
  }
  return {};
}

std::string terminal_of(std::string text) {
  if (text.starts_with("/dev/")) text.erase(0, 5);
  std::erase(text, '/');
  return text == "unknown" || text == "?" || text == "(none)" ? std::string() : text;
}

// "/usr/bin/sudo" and "su-l" name programs, "{service}" of PAM too.
std::string program_of(const JsonValue& attributes, const std::string& action) {
  if (action == "sudo.run") return "sudo";
  if (action == "su.switch") return "su";
  const std::string text = first_of(attributes, {"service", "executable", "app"});
  return text.substr(text.rfind('/') + 1);
}

}  // namespace

bool is_switch(std::string_view program) {
  return program == "su" || program == "su-l" || program == "sudo" || program == "sudo-i" || program == "runuser" ||
         program == "runuser-l" || program == "doas";
}

Facts read_facts(std::string_view entry) {
  Facts out;
  event::JsonTape tape;
  event::JsonError error;
  constexpr event::JsonLimits kStored{1U << 20, 160, 70'000};
  if (!tape.parse(entry, kStored, error)) return out;
  const JsonValue top(tape);
  const JsonValue event = top["event"];
  auto time = parse_time(event["time"].text());
  if (!time) time = parse_time(top["received"].text());
  out.time = time.value_or(0);
  out.source = top["source"]["id"].text();
  out.actor_type = event["actor"]["type"].text();
  out.account = event["actor"]["id"].text();
  out.action = event["action"].text();
  out.category = event["category"].text();
  const JsonValue context = event["context"];
  out.session = first_of(context, {"session"});
  out.request = first_of(context, {"request_id"});
  out.trace = first_of(context, {"trace_id"});
  out.ip = event["origin"]["ip"].text();
  const JsonValue attributes = event["attributes"];
  out.host = attributes["host"].text();
  out.terminal = terminal_of(first_of(attributes, {"tty", "terminal"}));
  out.process = first_of(attributes, {"pid"});
  out.program = program_of(attributes, out.action);
  std::string target;
  event["targets"].for_each([&](const JsonValue& one) {
    const std::string type = one["type"].text();
    if (type == "host" && out.host.empty()) out.host = one["id"].text();
    if (type == "account" && target.empty()) target = one["id"].text();
  });
  const bool switches = out.action == "sudo.run" || out.action == "su.switch" || out.action == "session.open";
  if (switches && is_switch(out.program) && event["outcome"].text() == "success" && target != out.account) out.became = target;
  return out;
}

}  // namespace stele::timeline
