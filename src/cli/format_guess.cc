#include "cli/format_guess.h"

#include <algorithm>

#include "base/ascii.h"
#include "cli/json.h"
#include "collect/postgres_log.h"
#include "records/audit_line.h"
#include "records/cutter.h"

namespace stele::cli {
namespace {

// The first record that is complete in `head`; empty when none is.
std::string first_record(std::unique_ptr<records::RecordCutter> cutter, std::string_view head) {
  std::vector<records::Record> out;
  cutter->feed(head, 0, out);
  if (out.empty()) cutter->end(out);
  return out.empty() ? "" : out.front().bytes;
}

struct Sign {
  std::string_view format;
  std::vector<std::string_view> members;  // all there
};

const std::vector<Sign>& signs() {
  static const std::vector<Sign> kSigns = {
      {"cloudtrail", {"eventVersion", "eventSource", "eventName"}},
      {"k8s-audit", {"auditID", "stage", "verb"}},
      {"ocsf", {"class_uid"}},
      {"journal", {"__REALTIME_TIMESTAMP"}},
      {"postgres-json", {"timestamp", "error_severity", "pid"}},
      {"event", {"time", "actor", "action"}},
      {"github", {"_document_id", "action", "actor"}},
  };
  return kSigns;
}

bool read_object(std::string_view text, event::JsonTape& tape) {
  return parse_json(text, tape).ok() && JsonValue(tape).is(event::JsonType::kObject);
}

FormatGuess guess_document(std::string_view head) {
  event::JsonTape tape;
  for (const char* list : {"Records", "items", ""}) {
    if (!read_object(first_record(records::make_document_cutter(list), head), tape)) continue;
    for (const Sign& sign : signs()) {
      const bool all = std::all_of(sign.members.begin(), sign.members.end(),
                                   [&](std::string_view member) { return static_cast<bool>(JsonValue(tape)[member]); });
      if (!all || records::make_cutter(sign.format) == nullptr) continue;
      std::string names;
      for (const std::string_view member : sign.members) names += (names.empty() ? "" : ", ") + std::string(member);
      return {std::string(sign.format), "its first object has " + names};
    }
  }
  return {"json", "it begins as JSON does"};
}

// "… [23/Nov/2026:16:20:00 +0000] "…": the time of the common log format.
bool is_access_log(std::string_view line) {
  constexpr std::string_view kShape = "[dd/aaa/dddd:dd:dd:dd ";
  const auto at = line.find(" [");
  if (at == std::string_view::npos || line.size() < at + 1 + kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const char c = line[at + 1 + i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (kShape[i] == 'd' ? !is_digit(c) : kShape[i] == 'a' ? !letter : c != kShape[i]) return false;
  }
  return line.find("] \"", at) != std::string_view::npos;
}

}  // namespace

FormatGuess guess_format(std::string_view name, std::string_view head) {
  const std::string line = first_record(records::make_line_cutter(), head);
  if (records::read_audit_line(line)) return {"auditd", "its first line is an audit record"};
  if (line.starts_with('{') || line.starts_with('[')) return guess_document(head);
  const auto log = collect::read_postgres_csv(first_record(records::make_csv_cutter(), head));
  const auto time = log ? (*log)[collect::PostgresColumn::kLogTime] : std::string();
  if (time.size() > 19 && time[4] == '-' && time[10] == ' ' && time[13] == ':')
    return {"postgres-csv", "its first record has PostgreSQL's columns"};
  if (is_access_log(line)) return {"access-log", "its first line has the time of an access log"};
  if (line.empty() && name.find("audit.log") != std::string_view::npos) return {"auditd", "of its name"};
  return {"line", "nothing else fits"};
}

}  // namespace stele::cli
