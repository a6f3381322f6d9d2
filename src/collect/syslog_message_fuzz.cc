// Any bytes as a syslog message: the views stay inside it, and the event is I-JSON with nothing reserved by accident.
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "collect/rules.h"
#include "collect/syslog_event.h"
#include "collect/syslog_message.h"

namespace {

namespace sc = stele::collect;
namespace dom = simdjson::dom;

void require(bool holds) {
  if (!holds) std::abort();
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_message(const sc::SyslogMessage& message, std::string_view line) {
  for (const std::string_view part :
       {message.time_text, message.hostname, message.app_name, message.proc_id, message.msg_id, message.message}) {
    require(lies_in(part, line));
  }
  for (const std::string_view field : {message.hostname, message.app_name, message.proc_id, message.msg_id}) {
    require(field.size() <= sc::kSyslogFieldMax);
  }
  require(message.facility < 24 && message.severity < 8);
  require(message.time.has_value() == (message.time_source != sc::SyslogTime::kAbsent));
  require(message.sd_elements.size() <= sc::kSyslogSdElementsMax && message.sd_params.size() <= sc::kSyslogSdParamsMax);
  std::size_t param_count = 0;
  for (const sc::SdElement& element : message.sd_elements) {
    require(!element.id.empty() && lies_in(element.id, line));
    param_count += message.params(element).size();
    for (const sc::SdParam& param : message.params(element)) {
      require(!param.name.empty() && lies_in(param.name, line) && lies_in(param.raw, line));
      require(param.escaped || param.value() == param.raw);
    }
  }
  require(param_count == message.sd_params.size());
  if (message.format == sc::SyslogFormat::kFree)
    require(!message.has_pri && message.hostname.empty() && message.app_name.empty());
}

// An object whose only key starts with "$" is one that this room writes on purpose.
void check_reserved(const dom::object& object) {
  const auto only = *object.begin();
  if (!only.key.starts_with('$')) return;
  if (only.key == "$base64") {
    require(only.value.is_string());
    return;
  }
  require(only.key == "$literal" && only.value.is_object());
  const dom::object inner = only.value.get_object();
  require(inner.size() == 1 && (*inner.begin()).key.starts_with('$'));
}

void check_value(const dom::element& value, bool is_literal) {
  if (value.is_array()) {
    for (const dom::element item : value.get_array()) check_value(item, false);
  } else if (value.is_object()) {
    const dom::object object = value.get_object();
    if (object.size() == 1 && !is_literal) check_reserved(object);
    std::vector<std::string_view> keys;
    for (const auto& [key, member] : object) {
      keys.push_back(key);
      check_value(member, key == "$literal" && !is_literal && object.size() == 1);
    }
    std::sort(keys.begin(), keys.end());
    require(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
  }
}

void check_json(dom::parser& parser, const std::string& json) {
  require(stele::is_utf8(json));
  dom::element root;
  require(parser.parse(json).get(root) == simdjson::SUCCESS && root.is_object());
  check_value(root, false);
}

void check_event(dom::parser& parser, const std::string& json) {
  const dom::element root = parser.parse(json);
  require(stele::parse_time(root["time"].get_string().value()).has_value());
  const std::string_view id = root["actor"]["id"].get_string().value();
  require(!id.empty() && id.size() <= 1024);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  constexpr stele::UnixNanos kReceived = 1'795'450'805'000'000'000;  // 2026-11-23
  constexpr std::int32_t kZoneOffset = -5 * 3600;
  static const stele::normalise::Ruleset rules = std::move(sc::load_rules(stele::io::posix(), "")).value();
  dom::parser parser;
  sc::Normalised out;
  for (const std::int32_t zone : {0, kZoneOffset}) {
    const sc::SyslogMessage message = sc::parse_syslog(line, kReceived, zone);
    check_message(message, line);
    sc::syslog_event(message, kReceived, rules, out);
    check_json(parser, out.event);
    check_json(parser, out.derived);
    check_event(parser, out.event);
  }
  return 0;
}
