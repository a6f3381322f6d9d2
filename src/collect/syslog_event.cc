#include "collect/syslog_event.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <string_view>

#include "base/bytes.h"
#include "base/json_text.h"
#include "base/readable_text.h"
#include "collect/draft_text.h"
#include "collect/syslog_terms.h"
#include "event/json_tape.h"

namespace stele::collect {

using normalise::Draft;
using normalise::Part;
using normalise::Record;

namespace {

std::string_view method_of(SyslogFormat format) {
  switch (format) {
    case SyslogFormat::kRfc5424: return "syslog/rfc5424@1";
    case SyslogFormat::kRfc3164: return "syslog/rfc3164@1";
    case SyslogFormat::kFree: break;
  }
  return "syslog/free@1";
}

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

void append_attributes(Draft& draft, const SyslogMessage& message) {
  const auto bytes_if_any = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) append_json_bytes(*draft.attribute(name), value);
  };
  if (message.has_pri) append_json_string(*draft.attribute("facility"), facility_name(message.facility));
  bytes_if_any("host", message.hostname);
  bytes_if_any("app", message.app_name);
  bytes_if_any("pid", message.proc_id);
  bytes_if_any("msgid", message.msg_id);
  if (!message.time) bytes_if_any("timestamp", message.time_text);
  if (!message.sd_elements.empty()) append_structured_data(*draft.attribute("structured_data"), message);
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
  append_process(draft.conclude(Part::kActor), message.app_name, message.proc_id, message.hostname);
  append_quoted(draft.conclude(Part::kAction), "syslog.message");
  append_quoted(draft.conclude(Part::kCategory), facility_category(message.facility));
  append_quoted(draft.conclude(Part::kOutcome), "unknown");
  append_quoted(message.has_pri ? draft.claim(Part::kSeverity) : draft.conclude(Part::kSeverity),
                severity_name(message.severity));
  if (!message.message.empty()) append_json_bytes(draft.claim(Part::kMessage), message.message);
  append_attributes(draft, message);
  draft.set_unattributed(!is_attributed(message));
  draft.set_by(method_of(message.format));
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
  record.set("severity", severity_name(message.severity));
  if (message.has_pri) record.set("facility", facility_name(message.facility));
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
