#include "cli/record_delivery.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "cli/json.h"

namespace stele::cli {
namespace {

constexpr std::size_t kHeadBytes = 1'024;  // of a record that is too large for the server

}  // namespace

RecordDelivery::RecordDelivery(Connection& connection, const Clock& clock, Options options)
    : connection_(connection), clock_(clock), options_(std::move(options)) {
  target_ = "/api/v1/collect/records?log=" + url_encode(options_.log) + "&source=" + url_encode(options_.source);
  const auto add = [&](const char* name, const std::string& text) {
    if (text.empty() || !is_utf8(text)) return;
    circumstances_ += std::string(",\"") + name + "\":";
    append_json_string(circumstances_, text);
  };
  add("stream", options_.stream);
  add("host", options_.host);
}

void RecordDelivery::append_line(std::string& body, const NamedRecord& named, std::size_t bytes_max) const {
  const std::string_view bytes = std::string_view(named.record.bytes).substr(0, bytes_max);
  body += R"({"format":)";
  append_json_string(body, options_.format);
  body += R"(,"record":)";
  append_json_bytes(body, bytes);
  if (bytes.size() < named.record.length) body += ",\"length\":" + std::to_string(named.record.length);
  body += ",\"id\":\"" + named.id + "\"" + circumstances_ + "}\n";
}

Result<RecordCounts> RecordDelivery::send(const std::vector<NamedRecord>& records) {
  if (records.empty()) return RecordCounts{};
  return send_part(records, 0, records.size());
}

Result<RecordCounts> RecordDelivery::send_part(const std::vector<NamedRecord>& records, std::size_t from, std::size_t count) {
  std::string body;
  for (std::size_t i = from; i < from + count; ++i) append_line(body, records[i], records::kRecordBytesMax);
  STELE_ASSIGN(auto answer, patient_post(connection_, clock_, options_.patience, target_, body, "application/x-ndjson"));
  if (answer.status == 413 && count > 1) {  // halves, in order, down to the one that is too large
    STELE_ASSIGN(RecordCounts counts, send_part(records, from, count / 2));
    STELE_ASSIGN(const RecordCounts second, send_part(records, from + count / 2, count - count / 2));
    counts.stored += second.stored;
    counts.repeated += second.repeated;
    counts.quarantined += second.quarantined;
    return counts;
  }
  if (answer.status == 413) {
    body.clear();
    append_line(body, records[from], kHeadBytes);
    STELE_ASSIGN(answer, patient_post(connection_, clock_, options_.patience, target_, body, "application/x-ndjson"));
  }
  if (answer.status != 200) return answer_error(answer, connection_.name());
  event::JsonTape tape;
  STELE_TRY(parse_json(answer.body, tape));
  const JsonValue top(tape);
  const auto stored = top["stored"].number();
  const auto repeated = top["repeated"].number();
  const auto quarantined = top["quarantined"].number();
  if (!stored || !repeated || !quarantined || *stored != count)
    return Error{Code::kInternal,
                 connection_.name() + " does not answer for every record; is it a Stele server of this version?"};
  return RecordCounts{*stored, *repeated, *quarantined};
}

}  // namespace stele::cli
