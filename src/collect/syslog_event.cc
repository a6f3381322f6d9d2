#include "collect/syslog_event.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/json_text.h"

namespace stele::collect {
namespace {

// RFC 5424 section 6.2.1, tables 1 and 2; facilities under the names of syslog.conf where that has one.
constexpr std::array<std::string_view, 24> kFacilities = {
    "kern", "user",  "mail",  "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
    "ntp",  "audit", "alert", "clock",  "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::array<std::string_view, 8> kSeverities = {"emergency", "alert",  "critical", "error",
                                                         "warning",   "notice", "info",     "debug"};

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

// --- Text that must be a string: keys and the actor ---

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";     // U+2026
constexpr std::size_t kActorPartMax = 255;                 // bytes: three of them stay below the 1,024 of an id

bool is_ascii(std::string_view s) {
  return std::none_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// The length of the UTF-8 sequence at the front, or 0 if there is none or it is U+FFFD.
std::size_t plain_sequence(std::string_view s) {
  if (s.starts_with(kReplacement)) return 0;
  for (std::size_t n = 1; n <= 4 && n <= s.size(); ++n) {
    if (is_utf8(s.substr(0, n))) return n;
  }
  return 0;
}

// Appends `text`, escaped and without quotes; what is not UTF-8 is marked as the header says. What would make it longer than
// `bytes_max` before escaping is replaced by an ellipsis.
void append_readable(std::string& out, std::string_view text, std::size_t bytes_max) {
  if (is_ascii(text) && text.size() <= bytes_max) {
    append_json_escaped(out, text);
    return;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t written = 0;
  while (!text.empty()) {
    const std::size_t n = plain_sequence(text);
    std::string_view piece = text.substr(0, std::max<std::size_t>(n, 1));
    text.remove_prefix(piece.size());
    std::string marked;
    if (n == 0) {
      const auto byte = static_cast<unsigned char>(piece[0]);
      marked = kReplacement;
      for (const char c : {'<', kHex[byte >> 4], kHex[byte & 15], '>'}) marked.push_back(c);
      piece = marked;
    }
    written += piece.size();
    if (written > bytes_max) {
      out += kEllipsis;
      return;
    }
    append_json_escaped(out, piece);
  }
}

void append_key(std::string& out, std::string_view key) {
  out.push_back('"');
  append_readable(out, key, std::string::npos);
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
  if (message.time && !message.time_text.empty()) {
    out += message.time_text;
    return;
  }
  std::array<char, kTimeWidth> text;
  format_time(message.time.value_or(received), text.data());
  out.append(text.data(), text.size());
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

// Writes the members of one object that are present.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_.push_back('{'); }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;
  ~Members() { out_.push_back('}'); }

  // Begins a member whose value the caller appends to the string returned. `name` needs no escaping.
  std::string& begin(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    out_.push_back('"');
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void bytes_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) append_json_bytes(begin(name), value);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void append_attributes(std::string& out, const SyslogMessage& message) {
  Members members(out);
  if (message.has_pri) append_json_string(members.begin("facility"), kFacilities[message.facility % kFacilities.size()]);
  members.bytes_if_any("host", message.hostname);
  members.bytes_if_any("app", message.app_name);
  members.bytes_if_any("pid", message.proc_id);
  members.bytes_if_any("msgid", message.msg_id);
  if (!message.time) members.bytes_if_any("timestamp", message.time_text);
  if (!message.sd_elements.empty()) append_structured_data(members.begin("structured_data"), message);
}

void append_event(std::string& out, const SyslogMessage& message, UnixNanos received) {
  out += R"({"time":")";
  append_time(out, message, received);
  out += R"(","actor":)";
  append_actor(out, message);
  out += R"(,"action":"syslog.message","category":")";
  out += category_of(message.facility);
  out += R"(","outcome":"unknown","severity":")";
  out += kSeverities[message.severity % kSeverities.size()];
  out.push_back('"');
  if (!message.message.empty()) {
    out += R"(,"message":)";
    append_json_bytes(out, message.message);
  }
  out += R"(,"attributes":)";
  append_attributes(out, message);
  out.push_back('}');
}

void append_derived(std::string& out, const SyslogMessage& message) {
  out += R"({"by":")";
  out += method_of(message.format);
  out += R"(","fields":[)";
  if (message.time_source != SyslogTime::kFull) out += R"("time",)";
  out += R"("actor","action","category","outcome")";
  if (!message.has_pri) out += R"(,"severity")";
  out.push_back(']');
  if (!is_attributed(message)) out += R"(,"unattributed":true)";
  out.push_back('}');
}

}  // namespace

void syslog_event(const SyslogMessage& message, UnixNanos received, Normalised& out) {
  out.event.clear();
  out.derived.clear();
  append_event(out.event, message, received);
  append_derived(out.derived, message);
}

}  // namespace stele::collect
