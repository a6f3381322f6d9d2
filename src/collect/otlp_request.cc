#include "collect/otlp_request.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <optional>
#include <vector>

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

Status read_scope_logs(std::string_view bytes, const otlp::resource::v1::Resource& resource, const OtlpTake& take,
                       const OtlpBroken& broken) {
  const auto fields = fields_of(bytes);
  otlp::common::v1::InstrumentationScope scope;
  if (!fields || !parse_last(*fields, kScope, scope)) return malformed_otlp();
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

}  // namespace

Error malformed_otlp() { return invalid("the body is no ExportLogsServiceRequest (opentelemetry-proto 1.9)"); }

Status for_each_otlp_record(std::string_view body, const OtlpTake& take, const OtlpBroken& broken) {
  const auto request = fields_of(body);
  if (!request) return malformed_otlp();
  for (const Field& resource_logs : *request) {
    if (resource_logs.number != kResourceLogs) continue;
    const auto fields = fields_of(resource_logs.bytes);
    otlp::resource::v1::Resource resource;
    if (!fields || !parse_last(*fields, kResource, resource)) return malformed_otlp();
    for (const Field& field : *fields) {
      if (field.number == kScopeLogs) STELE_TRY(read_scope_logs(field.bytes, resource, take, broken));
    }
  }
  return {};
}

}  // namespace stele::collect
