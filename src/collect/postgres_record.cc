// PostgreSQL's log as records: its columns beside the message, which goes through the same rules as a line of its.
#include <algorithm>

#include "base/json_text.h"
#include "collect/document.h"
#include "collect/draft_text.h"
#include "collect/postgres_log.h"
#include "collect/record_format.h"

namespace stele::collect {

using normalise::Draft;
using normalise::Part;

namespace {

using Column = PostgresColumn;

// The levels of elog(3)'s table 20.2 in an event's words.
std::string_view severity_of(std::string_view level) {
  if (level.starts_with("DEBUG")) return "debug";
  if (level == "NOTICE") return "notice";
  if (level == "WARNING") return "warning";
  if (level == "ERROR") return "error";
  if (level == "FATAL") return "critical";
  return level == "PANIC" ? "alert" : "info";
}

void conclude(const PostgresLog& log, DoorBatch& batch, Draft& draft) {
  const std::string& session = log[Column::kSessionId];
  if (batch.sender().id.empty() && !session.empty())  // together they are the record's key
    append_text(draft.claim(Part::kId), session + "/" + log[Column::kSessionLineNum]);
  if (const auto time = read_postgres_time(log[Column::kLogTime])) draft.claim(Part::kTime) = "\"" + format_time(*time) + "\"";
  const std::string& user = log[Column::kUserName];
  std::string& actor = draft.conclude(Part::kActor);
  actor = user.empty() ? R"({"type":"process","id":)" : R"({"type":"user","id":)";
  append_text(actor, !user.empty()                     ? user
                     : log[Column::kProcessId].empty() ? "postgres"
                                                       : "postgres[" + log[Column::kProcessId] + "]");
  actor += "}";
  draft.set_unattributed(false);
  draft.conclude(Part::kAction) = R"("postgres.message")";
  const std::string_view severity = severity_of(log[Column::kErrorSeverity]);
  const bool failed = severity == "error" || severity == "critical" || severity == "alert";
  if (failed) {
    draft.conclude(Part::kCategory) = R"("system_error")";
    draft.conclude(Part::kOutcome) = R"("failure")";
  }
  draft.claim(Part::kSeverity) = "\"" + std::string(severity) + "\"";
  if (!log[Column::kDatabaseName].empty()) {
    std::string& targets = draft.conclude(Part::kTargets);
    targets = R"([{"type":"database","id":)";
    append_text(targets, log[Column::kDatabaseName]);
    targets += "}]";
  }
  if (!session.empty()) {
    std::string& context = draft.claim(Part::kContext);
    context = R"({"session":)";
    append_text(context, session);
    context += "}";
  }
  if (!log[Column::kMessage].empty()) claim_message(draft, log[Column::kMessage]);
}

void add_attributes(const PostgresLog& log, Draft& draft) {
  for (const Column column :
       {Column::kErrorSeverity, Column::kSqlStateCode, Column::kCommandTag, Column::kApplicationName, Column::kConnectionFrom,
        Column::kProcessId, Column::kSessionLineNum, Column::kTransactionId, Column::kDetail, Column::kHint, Column::kContext,
        Column::kQuery, Column::kBackendType, Column::kQueryId}) {
    if (log[column].empty()) continue;
    if (std::string* out = draft.attribute(postgres_column_name(column))) append_json_bytes(*out, log[column]);
  }
  if (!read_postgres_time(log[Column::kLogTime])) append_json_bytes(*draft.attribute("log_time"), log[Column::kLogTime]);
}

void add_log(std::string_view format, std::string_view record, const std::optional<PostgresLog>& log, DoorBatch& batch) {
  if (!log) return batch.quarantine("no record of PostgreSQL's log", record);
  const BegunEvent begun = begin_event(batch, format, "record");
  conclude(*log, batch, begun.draft);
  // As a line of the log has it, which is what the rules know.
  const std::string line = (*log)[Column::kErrorSeverity] + ":  " + (*log)[Column::kMessage];
  begun.record.set("app", "postgres");
  for (std::size_t i = 0; i < kPostgresColumns; ++i) {
    const auto column = static_cast<Column>(i);
    if (column != Column::kMessage) begun.record.set(postgres_column_name(column), (*log)[column]);
  }
  begun.record.set("client_address", log->client);
  begun.record.set_text(line);
  add_attributes(*log, begun.draft);
  batch.add(record, true);
}

class PostgresCsvFormat final : public RecordFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "postgres-csv"; }
  void add(std::string_view record, DoorBatch& batch) const override {
    add_log(name(), record, read_postgres_csv(record), batch);
  }
};

class PostgresJsonFormat final : public RecordFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "postgres-json"; }
  [[nodiscard]] bool is_json() const override { return true; }
  void add(std::string_view record, DoorBatch& batch) const override {
    thread_local event::JsonTape tape;
    event::JsonError error;
    if (!tape.parse(record, kDocumentLimits, error)) return batch.quarantine(error.code, record);
    add_log(name(), record, read_postgres_json(tape), batch);
  }
};

}  // namespace

std::unique_ptr<RecordFormat> make_postgres_csv_format() { return std::make_unique<PostgresCsvFormat>(); }
std::unique_ptr<RecordFormat> make_postgres_json_format() { return std::make_unique<PostgresJsonFormat>(); }

}  // namespace stele::collect
