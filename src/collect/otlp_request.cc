#include "collect/otlp_request.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wire_format_lite.h>

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "collect/document.h"
#include "event/json_tape.h"

namespace stele::collect {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// The values of the length-delimited fields of a message; nothing when it is no message.
struct Field {
  int number;
  std::string_view bytes;
};
std::optional<std::vector<Field>> fields_of(std::string_view message) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()), static_cast<int>(message.size()));
  std::vector<Field> out;
  while (const std::uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return std::nullopt;
      continue;
    }
    std::uint32_t size = 0;
    const int at = in.ReadVarint32(&size) ? in.CurrentPosition() : -1;
    if (at < 0 || size > message.size() - static_cast<std::size_t>(at) || !in.Skip(static_cast<int>(size))) return std::nullopt;
    out.push_back({WireFormatLite::GetTagFieldNumber(tag), message.substr(static_cast<std::size_t>(at), size)});
  }
  if (!in.ConsumedEntireMessage()) return std::nullopt;
  return out;
}

template <typename Message>
bool parse(std::string_view bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Field numbers of logs.proto and logs_service.proto.
constexpr int kResourceLogs = 1;
constexpr int kResource = 1;
constexpr int kScopeLogs = 2;
constexpr int kScope = 1;
constexpr int kLogRecords = 2;

// Of several values of a field that may stand once the last counts.
template <typename Message>
bool parse_last(const std::vector<Field>& fields, int number, Message& message) {
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (field->number == number) return parse(field->bytes, message);
  }
  return true;
}

Error malformed() { return invalid("the body is no ExportLogsServiceRequest (opentelemetry-proto 1.9)"); }

Status read_scope_logs(std::string_view bytes, const otlp::resource::v1::Resource& resource, const OtlpTake& take,
                       const OtlpBroken& broken) {
  const auto fields = fields_of(bytes);
  otlp::common::v1::InstrumentationScope scope;
  if (!fields || !parse_last(*fields, kScope, scope)) return malformed();
  otlp::logs::v1::LogRecord record;
  for (const Field& field : *fields) {
    if (field.number != kLogRecords) continue;
    if (parse(field.bytes, record))
      take({resource, scope, record, field.bytes});
    else
      broken(field.bytes);
  }
  return {};
}

template <typename Message>
bool parse_json(std::string_view text, Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  message.Clear();
  return google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &message, options).ok();
}

// The member of an object under either of its names; nothing when it is absent or null.
std::optional<std::uint32_t> member(const event::JsonTape& tape, std::uint32_t object, std::string_view name,
                                    std::string_view other) {
  std::optional<std::uint32_t> found;
  std::string scratch;
  if (tape.nodes()[object].type != event::JsonType::kObject) return found;
  tape.for_each_child(object, [&](std::uint32_t child) {
    const std::string_view key = tape.name(tape.nodes()[child], scratch);
    if ((key == name || key == other) && tape.nodes()[child].type != event::JsonType::kNull) found = child;
  });
  return found;
}

// OTLP writes ids in hexadecimal where protobuf's JSON has base64: what was decoded as that is written as it was again.
void mend_id(std::string& id) {
  const std::string text = base64_encode(as_byte_span(id));
  if (auto bytes = hex_decode(text)) {
    id = std::move(*bytes);
    return;
  }
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  id = hex_decode(lower).value_or(text);
}

}  // namespace

Status for_each_otlp_record(std::string_view body, const OtlpTake& take, const OtlpBroken& broken) {
  const auto request = fields_of(body);
  if (!request) return malformed();
  for (const Field& resource_logs : *request) {
    if (resource_logs.number != kResourceLogs) continue;
    const auto fields = fields_of(resource_logs.bytes);
    otlp::resource::v1::Resource resource;
    if (!fields || !parse_last(*fields, kResource, resource)) return malformed();
    for (const Field& field : *fields) {
      if (field.number == kScopeLogs) STELE_TRY(read_scope_logs(field.bytes, resource, take, broken));
    }
  }
  return {};
}

Status for_each_otlp_json_record(std::string_view body, const OtlpTake& take, const OtlpBroken& broken) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(body, kWholeBodyLimits, error))
    return Error{error.code == "too_large" ? Code::kTooLarge : Code::kInvalid, "the body cannot be read: " + error.message};
  if (tape.nodes()[0].type != event::JsonType::kObject) return malformed();
  const auto raw = [&](std::uint32_t node) { return tape.raw(tape.nodes()[node]); };
  // Calls `f` for each element of an array; false when there is something else.
  const auto each = [&](std::optional<std::uint32_t> array, const auto& f) {
    if (!array) return true;
    if (tape.nodes()[*array].type != event::JsonType::kArray) return false;
    bool good = true;
    tape.for_each_child(*array, [&](std::uint32_t element) { good = good && f(element); });
    return good;
  };
  otlp::resource::v1::Resource resource;
  otlp::common::v1::InstrumentationScope scope;
  otlp::logs::v1::LogRecord record;
  const auto take_record = [&](std::uint32_t at) {
    if (!parse_json(raw(at), record)) {
      broken(raw(at));
      return true;
    }
    mend_id(*record.mutable_trace_id());
    mend_id(*record.mutable_span_id());
    take({resource, scope, record, raw(at)});
    return true;
  };
  const auto take_scope_logs = [&](std::uint32_t at) {
    const auto scope_at = member(tape, at, "scope", "scope");
    return parse_json(scope_at ? raw(*scope_at) : "{}", scope) &&
           each(member(tape, at, "logRecords", "log_records"), take_record);
  };
  const auto take_resource_logs = [&](std::uint32_t at) {
    const auto resource_at = member(tape, at, "resource", "resource");
    return parse_json(resource_at ? raw(*resource_at) : "{}", resource) &&
           each(member(tape, at, "scopeLogs", "scope_logs"), take_scope_logs);
  };
  if (!each(member(tape, 0, "resourceLogs", "resource_logs"), take_resource_logs)) return malformed();
  return {};
}

}  // namespace stele::collect
