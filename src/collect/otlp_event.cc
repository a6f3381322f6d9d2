#include "collect/otlp_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/json_text.h"
#include "base/readable_text.h"
#include "collect/draft_text.h"
#include "crypto/hmac.h"
#include "event/schema.h"

namespace stele::collect {
namespace {

using normalise::Draft;
using normalise::Part;
using normalise::Record;
using KeyValues = google::protobuf::RepeatedPtrField<otlp::common::v1::KeyValue>;

// --- Values ---

void append_object(std::string& out, const KeyValues& members);

void append_value(std::string& out, const otlp::common::v1::AnyValue& value) {
  switch (value.value_case()) {
    case otlp::common::v1::AnyValue::kStringValue: append_json_bytes(out, value.string_value()); break;
    case otlp::common::v1::AnyValue::kBoolValue: out += value.bool_value() ? "true" : "false"; break;
    case otlp::common::v1::AnyValue::kIntValue: out += std::to_string(value.int_value()); break;
    case otlp::common::v1::AnyValue::kDoubleValue: {
      const std::string text = fmt::format("{}", value.double_value());
      if (std::isfinite(value.double_value()))
        out += text;
      else
        append_json_string(out, text);
      break;
    }
    case otlp::common::v1::AnyValue::kBytesValue:
      out += R"({"$base64":")";
      base64_append(out, as_byte_span(value.bytes_value()));
      out += "\"}";
      break;
    case otlp::common::v1::AnyValue::kArrayValue:
      out.push_back('[');
      for (const auto& one : value.array_value().values()) {
        if (&one != &value.array_value().values(0)) out.push_back(',');
        append_value(out, one);
      }
      out.push_back(']');
      break;
    case otlp::common::v1::AnyValue::kKvlistValue: append_object(out, value.kvlist_value().values()); break;
    default: out += "null";
  }
}

// Of a key that stands twice the first counts; the verbatim record has both.
void append_object(std::string& out, const KeyValues& members) {
  std::unordered_set<std::string_view> seen;
  const bool reserved =
      !members.empty() && members[0].key().starts_with('$') &&
      std::all_of(members.begin(), members.end(), [&](const auto& one) { return one.key() == members[0].key(); });
  if (reserved) out += R"({"$literal":)";
  out.push_back('{');
  for (const auto& member : members) {
    if (!seen.insert(member.key()).second) continue;
    if (seen.size() > 1) out.push_back(',');
    append_json_string(out, member.key());
    out.push_back(':');
    append_value(out, member.value());
  }
  out.push_back('}');
  if (reserved) out.push_back('}');
}

// --- What the semantic conventions name ---

class Attributes {
 public:
  explicit Attributes(const OtlpRecord& from) : from_(from) {}

  // The text of the first of these that the record has, or its resource; empty when none is text.
  [[nodiscard]] std::string_view text(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      for (const KeyValues* all : {&from_.record.attributes(), &from_.resource.attributes()}) {
        for (const auto& one : *all) {
          if (one.key() == name && one.value().has_string_value() && !one.value().string_value().empty())
            return one.value().string_value();
        }
      }
    }
    return {};
  }

 private:
  const OtlpRecord& from_;
};

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  if (out.back() != '{') out.push_back(',');
  append_json_string(out, name);
  out.push_back(':');
  append_text(out, text);
}

void take_actor(const Attributes& attributes, Draft& draft) {
  const std::string_view user = attributes.text({"user.id", "enduser.id", "user.name", "user.email"});
  const std::string_view service = attributes.text({"service.name"});
  std::string& out = draft.conclude(Part::kActor);
  if (!user.empty()) {
    out = R"({"type":"user")";
    append_member(out, "id", user);
    append_member(out, "name", attributes.text({"user.full_name", "user.name"}));
    append_member(out, "email", attributes.text({"user.email"}));
  } else if (!service.empty()) {
    out = R"({"type":"service")";
    append_member(out, "id", service);
  } else {
    const std::string_view process = attributes.text({"process.executable.name", "process.command"});
    const std::string_view host = attributes.text({"host.name", "host.id"});
    out = R"({"type":"process")";
    append_member(out, "id",
                  process.empty() && host.empty() ? "unknown"
                  : host.empty()                  ? process
                                                  : std::string(process) + "@" + std::string(host));
    draft.set_unattributed(process.empty() && host.empty());
  }
  out.push_back('}');
}

// Logs data model, appendix B: mapping of severities to syslog's.
std::string_view severity_of(int number) {
  constexpr std::string_view kNames[] = {"debug",   "debug",   "debug",     "debug",     "debug",     "debug",
                                         "debug",   "debug",   "info",      "notice",    "notice",    "notice",
                                         "warning", "warning", "warning",   "warning",   "error",     "critical",
                                         "alert",   "alert",   "emergency", "emergency", "emergency", "emergency"};
  return number >= 1 && number <= 24 ? kNames[number - 1] : std::string_view();
}

void take_time(const otlp::logs::v1::LogRecord& record, UnixNanos received, Draft& draft) {
  const auto usable = [](std::uint64_t nanos) { return nanos != 0 && nanos <= static_cast<std::uint64_t>(INT64_MAX); };
  if (usable(record.time_unix_nano()))
    append_quoted(draft.claim(Part::kTime), format_time(static_cast<UnixNanos>(record.time_unix_nano())));
  else if (usable(record.observed_time_unix_nano()))
    append_quoted(draft.conclude(Part::kTime), format_time(static_cast<UnixNanos>(record.observed_time_unix_nano())));
  else
    append_quoted(draft.conclude(Part::kTime), format_time(received));
}

void take_objects(const OtlpRecord& from, const Attributes& attributes, Draft& draft) {
  std::string origin = "{";
  const std::string_view address = attributes.text({"client.address", "source.address", "net.peer.ip"});
  append_member(origin, event::is_ip_address(address) ? "ip" : "host", address);
  append_member(origin, "user_agent", attributes.text({"user_agent.original", "http.user_agent"}));
  if (origin.size() > 1) draft.conclude(Part::kOrigin) = origin + "}";
  std::string context = "{";
  append_member(context, "session", attributes.text({"session.id"}));
  if (!from.record.trace_id().empty()) append_member(context, "trace_id", hex_encode(as_byte_span(from.record.trace_id())));
  if (context.size() > 1) draft.conclude(Part::kContext) = context + "}";
}

void take_attributes(const OtlpRecord& from, Draft& draft) {
  for (const auto& one : from.record.attributes()) {
    if (one.key() == "otel" || one.key().starts_with('$')) continue;  // kept below
    if (std::string* out = draft.attribute(one.key())) append_value(*out, one.value());
  }
  std::string rest = "{";
  const auto begin = [&](std::string_view name) -> std::string& {
    if (rest.size() > 1) rest.push_back(',');
    append_json_string(rest, name);
    rest.push_back(':');
    return rest;
  };
  const auto number_if_any = [&](std::string_view name, std::uint64_t number) {
    if (number != 0) append_decimal(begin(name), number);
  };
  if (!from.resource.attributes().empty()) append_object(begin("resource"), from.resource.attributes());
  if (!from.scope.name().empty()) append_json_string(begin("scope"), from.scope.name());
  if (!from.scope.version().empty()) append_json_string(begin("scope_version"), from.scope.version());
  if (!from.scope.attributes().empty()) append_object(begin("scope_attributes"), from.scope.attributes());
  if (from.record.has_body() && !from.record.body().has_string_value()) append_value(begin("body"), from.record.body());
  number_if_any("severity_number", static_cast<std::uint64_t>(std::max(0, static_cast<int>(from.record.severity_number()))));
  if (!from.record.severity_text().empty()) append_json_string(begin("severity_text"), from.record.severity_text());
  number_if_any("observed_time_unix_nano", from.record.observed_time_unix_nano());
  if (!from.record.span_id().empty()) append_json_string(begin("span_id"), hex_encode(as_byte_span(from.record.span_id())));
  number_if_any("flags", from.record.flags());
  number_if_any("dropped_attributes_count", from.record.dropped_attributes_count());
  KeyValues odd;
  for (const auto& one : from.record.attributes()) {
    if (one.key() == "otel" || one.key().starts_with('$')) *odd.Add() = one;
  }
  if (!odd.empty()) append_object(begin("attributes"), odd);
  if (rest.size() > 1) *draft.attribute("otel") += rest + "}";
}

// Of what was sent in one request and repeated with it, always the same; of anything else another.
std::string delivery_id(const OtlpRecord& from, const Attributes& attributes, const OtlpId& made_of) {
  const bool timed = from.record.time_unix_nano() != 0 || from.record.observed_time_unix_nano() != 0;
  if (!timed && attributes.text({"log.record.uid"}).empty()) return {};
  std::string all = from.resource.SerializeAsString();
  for (const std::string& part : {from.scope.SerializeAsString(), std::string(from.verbatim), std::to_string(made_of.ordinal)})
    all += std::to_string(all.size()) + ":" + part;
  constexpr std::size_t kBytes = 16;
  return "otlp:" + hex_encode(as_byte_span(crypto::hmac_sha256(as_byte_span(made_of.secret), as_byte_span(all))).first(kBytes));
}

}  // namespace

void otlp_event(const OtlpRecord& from, UnixNanos received, const OtlpId& made_of, Draft& draft, Record& record) {
  const Attributes attributes(from);
  const std::string id = delivery_id(from, attributes, made_of);
  if (!id.empty()) append_quoted(draft.conclude(Part::kId), id);
  take_time(from.record, received, draft);
  take_actor(attributes, draft);
  const std::string_view name =
      from.record.event_name().empty() ? attributes.text({"event.name"}) : std::string_view(from.record.event_name());
  constexpr std::size_t kNameBytesMax = 1000;
  std::string& action = name.empty() ? draft.conclude(Part::kAction) : draft.claim(Part::kAction);
  action.push_back('"');
  append_readable(action, name.empty() ? "otel.log" : name, kNameBytesMax);
  action.push_back('"');
  append_quoted(draft.conclude(Part::kCategory), "system_activity");
  const std::string_view outcome = attributes.text({"event.outcome"});
  const auto outcomes = event::outcomes();
  const bool known = std::find(outcomes.begin(), outcomes.end(), outcome) != outcomes.end();
  append_quoted(known ? draft.claim(Part::kOutcome) : draft.conclude(Part::kOutcome), known ? outcome : "unknown");
  take_objects(from, attributes, draft);
  if (const auto severity = severity_of(from.record.severity_number()); !severity.empty())
    append_quoted(draft.claim(Part::kSeverity), severity);
  if (from.record.body().has_string_value() && !from.record.body().string_value().empty())
    append_json_bytes(draft.claim(Part::kMessage), from.record.body().string_value());
  take_attributes(from, draft);
  draft.set_by("otlp/log@1");

  record.set("format", "otlp");
  record.set("app", attributes.text({"service.name", "process.executable.name"}));
  record.set("host", attributes.text({"host.name"}));
  if (from.record.body().has_string_value()) record.set_text(from.record.body().string_value());
  for (const KeyValues* all : {&from.record.attributes(), &from.resource.attributes()}) {
    for (const auto& one : *all) {
      if (one.value().has_string_value()) record.set(one.key(), one.value().string_value());
    }
  }
}

}  // namespace stele::collect
