#include "notify/notice.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_text.h"
#include "base/readable_text.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "event/internal_event.h"
#include "event/schema.h"

namespace stele::notify {
namespace {

using namespace std::string_view_literals;
using event::JsonType;
using event::JsonValue;

constexpr std::string_view kPrefix = "stele.";
constexpr std::array kActions{
    "stele.source.gap"sv,           "stele.source.gap_filled"sv,  "stele.source.silent"sv, "stele.source.resumed"sv,
    "stele.clock.unsynchronised"sv, "stele.clock.synchronised"sv, "stele.verify.failed"sv, "stele.disk.filling"sv,
    "stele.disk.roomy"sv,           "stele.log.stopped"sv,
};

constexpr event::JsonLimits kEntryLimits{kNoticeBytesMax, 160, 20'000};

void append_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_utf8(text))
    append_json_escaped(out, text);
  else
    append_readable(out, text);
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_string(out, name);
  out += ':';
  append_string(out, text);
}

std::vector<Notice::Detail> details_of(JsonValue object) {
  std::vector<Notice::Detail> details;
  object.for_each_member([&](std::string_view name, JsonValue value) {
    details.push_back({std::string(name), std::string(value.raw())});
  });
  return details;
}

bool is_severity(std::string_view text) { return std::ranges::find(event::severities(), text) != event::severities().end(); }

}  // namespace

std::string notice_id(const Notice& notice) {
  std::string text = "stele/notice/v1\n";
  for (const std::string& part : {notice.kind, notice.subject_type, notice.subject, notice.log, format_time(notice.time)}) {
    append_string(text, part);
    text += '\n';
  }
  constexpr std::size_t kIdBytes = 16;
  return hex_encode(as_byte_span(crypto::sha256(as_byte_span(text))).first(kIdBytes));
}

std::string notice_json(const Notice& notice) {
  std::string out = "{";
  append_member(out, "id", notice.id);
  append_member(out, "kind", notice.kind);
  append_member(out, "severity", notice.severity);
  if (!notice.subject.empty()) {
    out += ",\"subject\":{";
    append_member(out, "type", notice.subject_type);
    append_member(out, "id", notice.subject);
    out += '}';
  }
  append_member(out, "message", notice.message);
  out += ",\"details\":{";
  for (const Notice::Detail& detail : notice.details) {
    if (out.back() != '{') out += ',';
    append_string(out, detail.name);
    out += ':' + detail.json;
  }
  out += '}';
  append_member(out, "time", format_time(notice.time));
  append_member(out, "log", notice.log);
  if (notice.index) out += ",\"index\":" + std::to_string(*notice.index);
  if (notice.more > 0) {
    out += ",\"more\":" + std::to_string(notice.more);
    append_member(out, "since", format_time(notice.since));
  }
  return out + '}';
}

Result<Notice> read_notice(JsonValue json) {
  Notice notice;
  notice.id = json["id"].text();
  notice.kind = json["kind"].text();
  notice.severity = json["severity"].text();
  notice.subject_type = json["subject"]["type"].text();
  notice.subject = json["subject"]["id"].text();
  notice.message = json["message"].text();
  notice.details = details_of(json["details"]);
  notice.log = json["log"].text();
  notice.index = json["index"].number();
  notice.more = json["more"].number().value_or(0);
  const auto time = parse_time(json["time"].text());
  const auto since = notice.more > 0 ? parse_time(json["since"].text()) : 0;
  if (!time || !since || notice.id.empty() || notice.kind.empty() || !is_severity(notice.severity))
    return invalid("it is no notice");
  notice.time = *time;
  notice.since = *since;
  return notice;
}

std::span<const std::string_view> notifying_actions() { return kActions; }

Result<std::optional<Notice>> notice_of_entry(std::string_view entry, std::uint64_t index, std::string_view log) {
  if (!event::is_internal_entry(entry)) return std::optional<Notice>();
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(entry, kEntryLimits, error))
    return corrupt("entry " + std::to_string(index) + " is not JSON: " + error.message);
  const JsonValue top(tape);
  const JsonValue said = top["event"];
  const std::string action = said["action"].text();
  if (std::ranges::find(kActions, action) == kActions.end()) return std::optional<Notice>();
  Notice notice;
  notice.id = top["id"].text();
  notice.kind = action.substr(kPrefix.size());
  notice.severity = said["severity"].text();
  bool first = true;
  said["targets"].for_each([&](JsonValue target) {
    if (!std::exchange(first, false)) return;
    notice.subject_type = target["type"].text();
    notice.subject = target["id"].text();
  });
  notice.message = said["message"].text();
  notice.details = details_of(said["attributes"]);
  const auto time = parse_time(said["time"].text());
  if (!time || notice.id.empty() || !is_severity(notice.severity))
    return corrupt("entry " + std::to_string(index) + " is not as Stele writes them");
  notice.time = *time;
  notice.log = log;
  notice.index = index;
  return std::optional(std::move(notice));
}

}  // namespace stele::notify
