#include "collect/journal_event.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json_text.h"
#include "collect/draft_text.h"
#include "collect/record_format.h"
#include "collect/syslog_terms.h"

namespace stele::collect {

using normalise::Draft;
using normalise::Part;
using normalise::Record;

namespace {

// What syslog's header would have said.
struct Header {
  std::string_view app;
  std::string_view pid;
  std::string_view host;
  std::string_view message;
  std::optional<std::uint64_t> facility;
  std::optional<std::uint64_t> severity;
};

std::optional<std::uint64_t> number_below(std::string_view text, std::uint64_t bound) {
  const auto number = parse_decimal(text);
  return number && *number < bound ? number : std::nullopt;
}

std::string_view first_of(const JournalEntry& entry, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto value = entry.find(name); !value.empty()) return value;
  }
  return {};
}

Header header_of(const JournalEntry& entry) {
  constexpr std::uint64_t kFacilities = 24;
  constexpr std::uint64_t kSeverities = 8;
  Header out;
  out.app = first_of(entry, {"SYSLOG_IDENTIFIER", "_COMM"});
  if (out.app.empty()) {
    out.app = entry.find("_EXE");
    out.app = out.app.substr(out.app.rfind('/') + 1);
  }
  out.pid = first_of(entry, {"_PID", "SYSLOG_PID"});
  out.host = entry.find("_HOSTNAME");
  out.message = entry.find("MESSAGE");
  out.facility = number_below(entry.find("SYSLOG_FACILITY"), kFacilities);
  out.severity = number_below(entry.find("PRIORITY"), kSeverities);
  return out;
}

void take_time(const JournalEntry& entry, UnixNanos received, Draft& draft) {
  constexpr std::uint64_t kNanosPerMicro = 1000;
  for (const std::string_view name : {"_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"}) {
    if (const auto micros = number_below(entry.find(name), INT64_MAX / kNanosPerMicro))
      return append_quoted(draft.claim(Part::kTime), format_time(static_cast<UnixNanos>(*micros * kNanosPerMicro)));
  }
  append_quoted(draft.conclude(Part::kTime), format_time(received));
}

void take_id(const JournalEntry& entry, Draft& draft) {
  constexpr std::size_t kBytesMax = 1024;
  const std::string_view cursor = entry.find("__CURSOR");
  if (!cursor.empty() && cursor.size() <= kBytesMax && is_utf8(cursor)) append_json_string(draft.claim(Part::kId), cursor);
}

// Whether a field stands elsewhere in the event, or in the original alone.
bool is_taken(const JournalField& field, const Header& header) {
  constexpr std::size_t kValueBytesMax = 1024;
  if (field.value.size() > kValueBytesMax || field.name.starts_with("__")) return true;
  const auto is = [&](std::string_view taken) { return !taken.empty() && field.value.data() == taken.data(); };
  if (is(header.app) || is(header.pid) || is(header.host) || is(header.message)) return true;
  return (header.facility && field.name == "SYSLOG_FACILITY") || (header.severity && field.name == "PRIORITY") ||
         field.name == "_SOURCE_REALTIME_TIMESTAMP";
}

// Writes an object of `fields`: each name once, at its first place, with its value or the array of its values.
void append_fields(std::string& out, const std::vector<JournalField>& fields) {
  constexpr std::size_t kNone = SIZE_MAX;
  std::vector<std::size_t> by_name(fields.size());
  std::iota(by_name.begin(), by_name.end(), std::size_t{0});
  std::ranges::stable_sort(by_name, {}, [&](std::size_t i) { return fields[i].name; });
  std::vector<std::size_t> next(fields.size(), kNone);
  std::vector<bool> first(fields.size(), true);
  for (std::size_t i = 1; i < by_name.size(); ++i) {
    if (fields[by_name[i - 1]].name != fields[by_name[i]].name) continue;
    next[by_name[i - 1]] = by_name[i];
    first[by_name[i]] = false;
  }
  out.push_back('{');
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!first[i]) continue;
    if (out.back() != '{') out.push_back(',');
    append_quoted(out, fields[i].name);
    out.push_back(':');
    if (next[i] != kNone) out.push_back('[');
    append_json_bytes(out, fields[i].value);
    for (std::size_t more = next[i]; more != kNone; more = next[more]) {
      out.push_back(',');
      append_json_bytes(out, fields[more].value);
    }
    if (next[i] != kNone) out.push_back(']');
  }
  out.push_back('}');
}

void take_attributes(const JournalEntry& entry, const Header& header, Draft& draft) {
  if (header.facility) append_quoted(*draft.attribute("facility"), facility_name(static_cast<unsigned>(*header.facility)));
  if (!header.host.empty()) append_json_bytes(*draft.attribute("host"), header.host);
  if (!header.app.empty()) append_json_bytes(*draft.attribute("app"), header.app);
  if (!header.pid.empty()) append_json_bytes(*draft.attribute("pid"), header.pid);
  std::vector<JournalField> others;
  for (std::size_t i = 0; i < entry.size(); ++i) {
    if (const JournalField field = entry.field(i); !is_taken(field, header)) others.push_back(field);
  }
  if (!others.empty()) append_fields(*draft.attribute("journal"), others);
}

void make_record(const JournalEntry& entry, const Header& header, Record& record) {
  std::string_view repeated;
  record.set_text(program_text(header.message, repeated));
  record.set("repeated", repeated);
  record.set("app", program_name(header.app));
  record.set("pid", header.pid);
  record.set("host", header.host);
  if (header.severity) record.set("severity", severity_name(static_cast<unsigned>(*header.severity)));
  if (header.facility) record.set("facility", facility_name(static_cast<unsigned>(*header.facility)));
  for (std::size_t i = 0; i < entry.size(); ++i) {
    const JournalField field = entry.field(i);
    record.set(field.name, field.value);
  }
}

}  // namespace

void journal_event(const JournalEntry& entry, UnixNanos received, Draft& draft, Record& record) {
  const Header header = header_of(entry);
  take_id(entry, draft);
  take_time(entry, received, draft);
  append_process(draft.conclude(Part::kActor), header.app, header.pid, header.host);
  append_quoted(draft.conclude(Part::kAction), "journal.message");
  append_quoted(draft.conclude(Part::kCategory),
                header.facility ? facility_category(static_cast<unsigned>(*header.facility)) : "system_activity");
  append_quoted(draft.conclude(Part::kOutcome), "unknown");
  if (header.severity) append_quoted(draft.claim(Part::kSeverity), severity_name(static_cast<unsigned>(*header.severity)));
  if (!header.message.empty()) claim_message(draft, header.message);
  take_attributes(entry, header, draft);
  draft.set_unattributed(header.app.empty() && header.host.empty());
  draft.set_by("journal/entry@1");
  make_record(entry, header, record);
}

}  // namespace stele::collect
