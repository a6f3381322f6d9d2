#include "collect/syslog_event.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <string_view>

#include "base/bytes.h"
#include "base/json_text.h"
#include "base/readable_text.h"
#include "event/json_tape.h"

namespace stele::collect {

using normalise::Draft;
using normalise::Part;
using normalise::Record;

namespace {

// RFC 5424 section 6.2.1, tables 1 and 2; facilities under the names of syslog.conf where that has one.
constexpr std::array<std::string_view, 24> kFacilities = {
    "kern", "user",  "mail",  "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
    "ntp",  "audit", "alert", "clock",  "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::array<std::string_view, 8> kSeverities = {"emergency", "alert",  "critical", "error",
                                                         "warning",   "notice", "info",     "debug"};

std::string_view facility_name(const SyslogMessage& message) { return kFacilities[message.facility % kFacilities.size()]; }
std::string_view severity_name(const SyslogMessage& message) { return kSeverities[message.severity % kSeverities.size()]; }

constexpr unsigned kFacilityAuth = 4;
constexpr unsigned kFacilityAuthpriv = 10;
constexpr unsigned kFacilityAudit = 13;

std::string_view category_of(unsigned facility) {
  if (facility == kFacilityAuth || facility == kFacilityAuthpriv) return "authentication";
  return facility == kFacilityAudit ? "security_event" : "system_activity";
}

std::string_view method_of(SyslogFormat format) {
  switch (format) {
    case SyslogFormat::kRfc5424: return "syslog/rfc5424@1";
    case SyslogFormat::kRfc3164: return "syslog/rfc3164@1";
    case SyslogFormat::kFree: break;
  }
  return "syslog/free@1";
}

constexpr std::size_t kActorPartMax = 255;  // bytes: three of them stay below the 1,024 of an id

void append_key(std::string& out, std::string_view key) {
  out.push_back('"');
  append_readable(out, key);
  out += "\":";
}

// --- Structured data ---

// Writes an object of `items`: each key once, at its first place, with its value or, if it repeats, the array of its values.
// At most 256 items (kSyslogSdParamsMax), so that comparing each with each is cheap.
template <typename Items, typename KeyOf, typename WriteValue>
void append_grouped(std::string& out, const Items& items, KeyOf key_of, WriteValue write_value) {
  const auto same_key = [&](const auto& item) {
    return [&key_of, key = key_of(item)](const auto& other) { return key_of(other) == key; };
  };
  const bool reserved = !items.empty() && key_of(*items.begin()).starts_with('$') &&
                        std::all_of(items.begin(), items.end(), same_key(*items.begin()));
  if (reserved) out += R"({"$literal":)";
  out.push_back('{');
  for (auto item = items.begin(); item != items.end(); ++item) {
    const auto same = same_key(*item);
    if (std::any_of(items.begin(), item, same)) continue;
    if (item != items.begin()) out.push_back(',');
    append_key(out, key_of(*item));
    auto next = std::find_if(item + 1, items.end(), same);
    const bool repeats = next != items.end();
    if (repeats) out.push_back('[');
    write_value(*item);
    for (; next != items.end(); next = std::find_if(next + 1, items.end(), same)) {
      out.push_back(',');
      write_value(*next);
    }
    if (repeats) out.push_back(']');
  }
  out.push_back('}');
  if (reserved) out.push_back('}');
}

void append_param_value(std::string& out, const SdParam& param) {
  if (param.escaped) {
    append_json_bytes(out, param.value());
  } else {
    append_json_bytes(out, param.raw);
  }
}

void append_structured_data(std::string& out, const SyslogMessage& message) {
  append_grouped(
      out, message.sd_elements, [](const SdElement& element) { return element.id; },
      [&](const SdElement& element) {
        append_grouped(
            out, message.params(element), [](const SdParam& param) { return param.name; },
            [&](const SdParam& param) { append_param_value(out, param); });
      });
}

// --- The event ---

void append_time(std::string& out, const SyslogMessage& message, UnixNanos received) {
  out.push_back('"');
  if (message.time && !message.time_text.empty()) {
    out += message.time_text;
  } else {
    std::array<char, kTimeWidth> text;
    format_time(message.time.value_or(received), text.data());
    out.append(text.data(), text.size());
  }
  out.push_back('"');
}

bool is_attributed(const SyslogMessage& message) { return !message.app_name.empty() || !message.hostname.empty(); }

void append_actor_part(std::string& out, std::string_view part) { append_readable(out, part, kActorPartMax); }

void append_actor(std::string& out, const SyslogMessage& message) {
  out += R"({"type":"process","id":")";
  if (is_attributed(message)) {
    append_actor_part(out, message.app_name);
    if (!message.proc_id.empty()) {
      out.push_back('[');
      append_actor_part(out, message.proc_id);
      out.push_back(']');
    }
    if (!message.hostname.empty()) {
      out.push_back('@');
      append_actor_part(out, message.hostname);
    }
  } else {
    out += "unknown";
  }
  out.push_back('"');
  if (!message.app_name.empty()) {
    out += R"(,"name":")";
    append_actor_part(out, message.app_name);
    out.push_back('"');
  }
  out.push_back('}');
}

void append_attributes(Draft& draft, const SyslogMessage& message) {
  const auto bytes_if_any = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) append_json_bytes(*draft.attribute(name), value);
  };
  if (message.has_pri) append_json_string(*draft.attribute("facility"), facility_name(message));
  bytes_if_any("host", message.hostname);
  bytes_if_any("app", message.app_name);
  bytes_if_any("pid", message.proc_id);
  bytes_if_any("msgid", message.msg_id);
  if (!message.time) bytes_if_any("timestamp", message.time_text);
  if (!message.sd_elements.empty()) append_structured_data(*draft.attribute("structured_data"), message);
}

void append_quoted(std::string& out, std::string_view word) {
  out.push_back('"');
  out += word;
  out.push_back('"');
}

// RFC 5424 section 7.3.1: the originator's running number, from 1 on; each host has its own.
void take_sequence(const SyslogMessage& message, const SdElement& element, Draft& draft) {
  for (const SdParam& param : message.params(element)) {
    if (param.name != "sequenceId" || !parse_decimal(param.value())) continue;
    draft.claim(Part::kSeq) = param.value();
    std::string& context = draft.claim(Part::kContext);
    context = R"({"sequence":")";
    append_readable(context, message.hostname, kActorPartMax);
    context += "\"}";
  }
}

// A sender's own id and number, in an element of structured data that is ours: [stele@32473 id="…" seq="…"].
void take_identity(const SyslogMessage& message, Draft& draft) {
  constexpr std::size_t kIdBytesMax = 1024;
  for (const SdElement& element : message.sd_elements) {
    if (element.id == "meta") take_sequence(message, element, draft);
    if (!element.id.starts_with("stele@")) continue;
    for (const SdParam& param : message.params(element)) {
      const std::string value = param.value();
      if (param.name == "id" && !value.empty() && value.size() <= kIdBytesMax && is_utf8(value))
        append_json_string(draft.claim(Part::kId), value);
      if (param.name == "seq" && parse_decimal(value)) draft.claim(Part::kSeq) = value;
    }
  }
}

// What the header says, and what follows from it alone.
void take_header(const SyslogMessage& message, UnixNanos received, Draft& draft) {
  const bool timed = message.time_source == SyslogTime::kFull;
  append_time(timed ? draft.claim(Part::kTime) : draft.conclude(Part::kTime), message, received);
  append_actor(draft.conclude(Part::kActor), message);
  append_quoted(draft.conclude(Part::kAction), "syslog.message");
  append_quoted(draft.conclude(Part::kCategory), category_of(message.facility));
  append_quoted(draft.conclude(Part::kOutcome), "unknown");
  append_quoted(message.has_pri ? draft.claim(Part::kSeverity) : draft.conclude(Part::kSeverity), severity_name(message));
  if (!message.message.empty()) append_json_bytes(draft.claim(Part::kMessage), message.message);
  append_attributes(draft, message);
  draft.set_unattributed(!is_attributed(message));
  draft.set_by(method_of(message.format));
}

// The program's name as rules know it: without its folder, and without what it calls a part of itself ("su(pam_unix)").
std::string_view program_name(std::string_view app) {
  if (const auto slash = app.rfind('/'); slash != std::string_view::npos) app.remove_prefix(slash + 1);
  return app.substr(0, app.find_first_of("(]"));
}

// What a program wrote, without what relays put around it: Solaris' "[ID 800047 auth.info] ", and "message repeated 5 times:
// [ … ]" of those that count.
std::string_view program_text(std::string_view text, std::string_view& repeated) {
  if (text.starts_with("[ID ")) {
    if (const auto end = text.find("] "); end != std::string_view::npos) text.remove_prefix(end + 2);
  }
  constexpr std::string_view kRepeated = "message repeated ";
  constexpr std::string_view kTimes = " times: [ ";
  if (!text.starts_with(kRepeated) || !text.ends_with(']')) return text;
  const auto times = text.find(kTimes);
  if (times == std::string_view::npos) return text;
  repeated = text.substr(kRepeated.size(), times - kRepeated.size());
  text.remove_prefix(times + kTimes.size());
  return text.substr(0, text.size() - 1);
}

// The fields that rules may ask for; `names` keeps those that are made here.
void make_record(const SyslogMessage& message, std::deque<std::string>& names, Record& record) {
  std::string_view repeated;
  record.set_text(program_text(message.message, repeated));
  record.set("repeated", repeated);
  record.set("app", program_name(message.app_name));
  record.set("pid", message.proc_id);
  record.set("host", message.hostname);
  record.set("msgid", message.msg_id);
  record.set("severity", severity_name(message));
  if (message.has_pri) record.set("facility", facility_name(message));
  for (const SdElement& element : message.sd_elements) {
    for (const SdParam& param : message.params(element)) {
      const std::string& name = names.emplace_back("sd." + std::string(element.id) + "." + std::string(param.name));
      record.set(name, param.escaped ? names.emplace_back(param.value()) : param.raw);
    }
  }
}

}  // namespace

void syslog_event(const SyslogMessage& message, UnixNanos received, const normalise::Ruleset& rules, Normalised& out) {
  thread_local Draft draft;
  thread_local Record record;
  std::deque<std::string> names;
  draft.clear();
  record.clear();
  begin_syslog_event(message, received, draft, record, names);
  const std::string& quoted = draft.text(Part::kId);
  out.id = quoted.empty() ? "" : event::json_unescape(std::string_view(quoted).substr(1, quoted.size() - 2));
  (void)rules.conclude(record, draft);
  out.unattributed = draft.unattributed();
  draft.write(out.event, out.derived);
}

void begin_syslog_event(const SyslogMessage& message, UnixNanos received, Draft& draft, Record& record,
                        std::deque<std::string>& names) {
  take_identity(message, draft);
  take_header(message, received, draft);
  make_record(message, names, record);
}

}  // namespace stele::collect
