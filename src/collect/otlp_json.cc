// An OTLP request in JSON, by OTLP's own mapping (opentelemetry-proto, "JSON Protobuf Encoding"): protobuf's, but for ids, which
// are hexadecimal. Protobuf's own reader of JSON takes 100 us a record, most of it for looking up types.
#include <charconv>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "collect/document.h"
#include "collect/otlp_request.h"
#include "event/json_value.h"

namespace stele::collect {
namespace {

using event::JsonType;
using event::JsonValue;
namespace common = otlp::common::v1;

// --- Values of one type. False: the value is of another. ---

bool read(const JsonValue& value, std::string& out) {
  if (!value.is(JsonType::kString)) return false;
  out = value.text();
  return true;
}

bool read(const JsonValue& value, bool& out) {
  out = value.is(JsonType::kTrue);
  return out || value.is(JsonType::kFalse);
}

// The lexeme of a number, which may stand in a string.
std::string lexeme(const JsonValue& value) { return value.is(JsonType::kNumber) ? std::string(value.raw()) : value.text(); }

bool read(const JsonValue& value, double& out) {
  const std::string text = lexeme(value);
  if (text == "NaN") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity" || text == "-Infinity") {
    out = std::copysign(std::numeric_limits<double>::infinity(), text[0] == '-' ? -1.0 : 1.0);
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && std::isfinite(out);
  }
  return true;
}

// As protobuf has it, 1e3 and 5.0 are whole numbers too.
template <typename Integer>
  requires std::integral<Integer>
bool read(const JsonValue& value, Integer& out) {
  const std::string text = lexeme(value);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc() && end == text.data() + text.size()) return true;
  double number = 0;
  constexpr double kExact = 9'007'199'254'740'992;  // 2^53
  if (!read(value, number) || std::trunc(number) != number || std::abs(number) > kExact) return false;
  if (number < static_cast<double>(std::numeric_limits<Integer>::min())) return false;
  if (number > static_cast<double>(std::numeric_limits<Integer>::max())) return false;
  out = static_cast<Integer>(number);
  return true;
}

bool read(const JsonValue& value, otlp::logs::v1::SeverityNumber& out) {
  if (value.is(JsonType::kString)) return otlp::logs::v1::SeverityNumber_Parse(value.text(), &out);
  std::int32_t number = 0;
  if (!read(value, number)) return false;
  out = static_cast<otlp::logs::v1::SeverityNumber>(number);
  return true;
}

// What is no hexadecimal number is kept as it is written.
bool read_id(const JsonValue& value, std::string& out) {
  if (!read(value, out)) return false;
  std::string lower = out;
  for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  if (auto bytes = hex_decode(lower)) out = std::move(*bytes);
  return true;
}

// Either alphabet, with padding or without.
bool read_bytes(const JsonValue& value, std::string& out) {
  if (!value.is(JsonType::kString)) return false;
  std::string text = value.text();
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text.push_back('=');
  auto bytes = base64_decode(text);
  if (!bytes) return false;
  out = std::move(*bytes);
  return true;
}

// --- Messages. False: a member is of another type. ---

bool read(const JsonValue& value, common::AnyValue& out);
bool read(const JsonValue& value, common::KeyValue& out);

// Calls f(name, value) for each member that is not null; false when it is no object, or f says so. Names are lowerCamelCase; for
// those of protobuf, which its readers take too, see is().
template <typename F>
bool read_members(const JsonValue& object, const F& f) {
  bool good = object.is(JsonType::kObject);
  object.for_each_member(
      [&](std::string_view name, const JsonValue& value) { good = good && (value.is(JsonType::kNull) || f(name, value)); });
  return good;
}

// Whether `name` is `camel`, or the same in snake_case.
bool is(std::string_view name, std::string_view camel) {
  std::size_t at = 0;
  for (const char c : camel) {
    if (at < name.size() && name[at] == c) {
      ++at;
    } else if (c >= 'A' && c <= 'Z' && name.substr(at).starts_with('_') && at + 1 < name.size() && name[at + 1] == c + 32) {
      at += 2;
    } else {
      return false;
    }
  }
  return at == name.size();
}

template <typename Repeated>
bool read_all(const JsonValue& array, Repeated& out) {
  bool good = array.is(JsonType::kArray);
  array.for_each([&](const JsonValue& one) { good = good && read(one, *out.Add()); });
  return good;
}

bool read_values(const JsonValue& object, auto& out) {
  return read_members(object, [&](std::string_view name, const JsonValue& value) {
    return name != "values" || read_all(value, *out.mutable_values());
  });
}

bool read_into(std::string_view name, const JsonValue& value, common::AnyValue& out) {
  if (is(name, "stringValue")) return read(value, *out.mutable_string_value());
  if (is(name, "arrayValue")) return read_values(value, *out.mutable_array_value());
  if (is(name, "kvlistValue")) return read_values(value, *out.mutable_kvlist_value());
  if (is(name, "bytesValue")) return read_bytes(value, *out.mutable_bytes_value());
  bool truth = false;
  std::int64_t whole = 0;
  double real = 0;
  if (is(name, "boolValue")) {
    if (!read(value, truth)) return false;
    out.set_bool_value(truth);
  } else if (is(name, "intValue")) {
    if (!read(value, whole)) return false;
    out.set_int_value(whole);
  } else if (is(name, "doubleValue")) {
    if (!read(value, real)) return false;
    out.set_double_value(real);
  }
  return true;
}

bool read(const JsonValue& value, common::AnyValue& out) {
  return read_members(value, [&](std::string_view name, const JsonValue& member) {
    const auto before = out.value_case();
    return read_into(name, member, out) && (before == common::AnyValue::VALUE_NOT_SET || out.value_case() == before);
  });
}

bool read(const JsonValue& value, common::KeyValue& out) {
  return read_members(value, [&](std::string_view name, const JsonValue& member) {
    if (name == "key") return read(member, *out.mutable_key());
    return name != "value" || read(member, *out.mutable_value());
  });
}

template <typename Message>
bool read_dropped(const JsonValue& value, Message& out) {
  std::uint32_t dropped = 0;
  if (!read(value, dropped)) return false;
  out.set_dropped_attributes_count(dropped);
  return true;
}

bool read(const JsonValue& value, otlp::resource::v1::Resource& out) {
  return read_members(value, [&](std::string_view name, const JsonValue& member) {
    if (name == "attributes") return read_all(member, *out.mutable_attributes());
    return !is(name, "droppedAttributesCount") || read_dropped(member, out);
  });
}

bool read(const JsonValue& value, common::InstrumentationScope& out) {
  return read_members(value, [&](std::string_view name, const JsonValue& member) {
    if (name == "name") return read(member, *out.mutable_name());
    if (name == "version") return read(member, *out.mutable_version());
    if (name == "attributes") return read_all(member, *out.mutable_attributes());
    return !is(name, "droppedAttributesCount") || read_dropped(member, out);
  });
}

bool read(const JsonValue& value, otlp::logs::v1::LogRecord& out) {
  std::uint64_t time = 0;
  std::uint64_t observed = 0;
  std::uint32_t flags = 0;
  auto severity = otlp::logs::v1::SEVERITY_NUMBER_UNSPECIFIED;
  const bool good = read_members(value, [&](std::string_view name, const JsonValue& member) {
    if (is(name, "timeUnixNano")) return read(member, time);
    if (is(name, "observedTimeUnixNano")) return read(member, observed);
    if (is(name, "severityNumber")) return read(member, severity);
    if (is(name, "severityText")) return read(member, *out.mutable_severity_text());
    if (name == "body") return read(member, *out.mutable_body());
    if (name == "attributes") return read_all(member, *out.mutable_attributes());
    if (is(name, "droppedAttributesCount")) return read_dropped(member, out);
    if (name == "flags") return read(member, flags);
    if (is(name, "traceId")) return read_id(member, *out.mutable_trace_id());
    if (is(name, "spanId")) return read_id(member, *out.mutable_span_id());
    return !is(name, "eventName") || read(member, *out.mutable_event_name());
  });
  out.set_time_unix_nano(time);
  out.set_observed_time_unix_nano(observed);
  out.set_severity_number(severity);
  out.set_flags(flags);
  return good;
}

// A member that may be missing.
template <typename Message>
bool read_optional(const JsonValue& object, std::string_view name, Message& out) {
  out.Clear();
  const JsonValue value = object[name];
  return !value || value.is(JsonType::kNull) || read(value, out);
}

// Calls f for each element of the member `camel`, which may be missing; false when there is something else, or f says so.
template <typename F>
bool each(const JsonValue& object, std::string_view camel, const F& f) {
  return read_members(object, [&](std::string_view name, const JsonValue& value) {
    if (!is(name, camel)) return true;
    bool good = value.is(JsonType::kArray);
    value.for_each([&](const JsonValue& one) { good = good && f(one); });
    return good;
  });
}

}  // namespace

Status for_each_otlp_json_record(std::string_view body, const OtlpTake& take, const OtlpBroken& broken) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(body, kWholeBodyLimits, error))
    return Error{error.code == "too_large" ? Code::kTooLarge : Code::kInvalid, "the body cannot be read: " + error.message};
  otlp::resource::v1::Resource resource;
  common::InstrumentationScope scope;
  otlp::logs::v1::LogRecord record;
  const auto take_record = [&](const JsonValue& value) {
    record.Clear();
    if (read(value, record))
      take({resource, scope, record, value.raw()});
    else
      broken(value.raw());
    return true;
  };
  const auto take_scope_logs = [&](const JsonValue& value) {
    return read_optional(value, "scope", scope) && each(value, "logRecords", take_record);
  };
  const auto take_resource_logs = [&](const JsonValue& value) {
    return read_optional(value, "resource", resource) && each(value, "scopeLogs", take_scope_logs);
  };
  if (!each(JsonValue(tape), "resourceLogs", take_resource_logs)) return malformed_otlp();
  return {};
}

}  // namespace stele::collect
