// What every class has: when, by whom, how it ended, where the entry stands, and all that no attribute has room for.
#include "ocsf/draft.h"
#include "ocsf/objects.h"

namespace stele::ocsf {
namespace {

using event::JsonType;

struct Named {
  std::int64_t id;
  std::string_view name;
};

constexpr std::int64_t kNanosPerMilli = 1'000'000;

std::int64_t millis(UnixNanos time) {
  const std::int64_t cut = time / kNanosPerMilli;
  return time % kNanosPerMilli < 0 ? cut - 1 : cut;
}

Named severity(std::string_view said) {
  if (said == "debug" || said == "info") return {1, "Informational"};
  if (said == "notice") return {2, "Low"};
  if (said == "warning") return {3, "Medium"};
  if (said == "error") return {4, "High"};
  if (said == "critical" || said == "alert") return {5, "Critical"};
  if (said == "emergency") return {6, "Fatal"};
  return {kUnknown, kUnknownText};
}

Named status(const Draft& draft) {
  // Of a finding it says how far its handling is.
  if (draft.choice.id == ClassId::kDetectionFinding) return {kUnknown, kUnknownText};
  const std::string& outcome = draft.facts.outcome();
  if (outcome == "success") return {1, "Success"};
  if (outcome == "failure" || outcome == "denied") return {2, "Failure"};
  return {kUnknown, kUnknownText};
}

std::string activity_name(const Draft& draft) {
  const std::int64_t activity = draft.choice.activity;
  if (activity == kUnknown) return std::string(kUnknownText);
  if (activity == kOther) return std::string(draft.facts.action().name());
  return std::string(class_info(draft.choice.id).activities[static_cast<std::size_t>(activity - 1)]);
}

void write_classification(Draft& draft) {
  const ClassInfo& info = class_info(draft.choice.id);
  draft.event.number("activity_id", draft.choice.activity).text("activity_name", activity_name(draft));
  draft.event.number("category_uid", info.category_uid()).text("category_name", category_name(info.category_uid()));
  draft.event.number("class_uid", info.uid()).text("class_name", info.name);
  draft.event.number("type_uid", info.uid() * 100 + draft.choice.activity);
  const Named how = severity(draft.facts.event()["severity"].text());
  draft.event.number("severity_id", how.id).text("severity", how.name);
  const Named end = status(draft);
  draft.event.number("status_id", end.id).text("status", end.name);
  draft.event.text("status_code", draft.facts.take(draft.facts.event()["outcome"]));
  draft.event.text("status_detail", draft.facts.take(draft.facts.attribute({"reason", "error", "error.message"})));
  if (draft.facts.outcome() == "denied")
    draft.event.number("action_id", std::int64_t{2})
        .text("action", "Denied")
        .number("disposition_id", std::int64_t{2})
        .text("disposition", "Blocked");
}

void write_finding(Draft& draft) {
  Facts& facts = draft.facts;
  const std::string message = readable(facts.event()["message"]);
  JsonObject finding;
  finding.text("uid", facts.entry()["id"].text()).text("title", message.empty() ? facts.action().text() : message);
  draft.event.raw("finding_info", finding.json()).raw("resources", resource_list(facts));
  const std::string from = source_endpoint(facts);
  if (!from.empty()) draft.event.raw("evidences", "[" + JsonObject().raw("src_endpoint", from).json() + "]");
}

void write_time(Draft& draft) {
  const UnixNanos time = draft.facts.time();
  draft.event.number("time", millis(time));
  if (time >= 0) draft.event.text("time_dt", format_time(time));
}

std::string metadata(Draft& draft, std::uint64_t index, std::string_view log) {
  Facts& facts = draft.facts;
  const JsonValue event = facts.event();
  std::string profiles = R"(["datetime","host")";
  if (facts.outcome() == "denied") profiles += R"(,"security_control")";
  if (draft.has_trace) profiles += R"(,"trace")";

  JsonObject out;
  out.text("version", kVersion).text("uid", facts.take(facts.entry()["id"]));
  const std::string source = facts.take(facts.entry()["source"]["id"]);
  const std::string app = facts.take(facts.attribute({"app", "service.name"}));
  const std::string product = !app.empty() ? app : !source.empty() ? source : std::string(kUnknownText);
  out.raw("product", JsonObject().text("name", product).json());
  out.text("log_provider", "Stele").text("log_name", log).text("source", source);
  out.text("event_code", facts.take(event["action"])).text("type", facts.take(event["category"]));
  out.text("log_level", facts.take(event["severity"])).text("original_event_uid", facts.take(event["id"]));
  if (index <= INT64_MAX) out.number("sequence", static_cast<std::int64_t>(index));
  out.text("original_time", facts.take(event["time"]));
  facts.take(facts.entry()["received"]);
  out.number("logged_time", millis(facts.received())).text("logged_time_dt", format_time(facts.received()));
  const std::string trace = facts.take(event["context"]["trace_id"]);
  out.text("correlation_uid", trace.empty() ? facts.take(event["context"]["request_id"]) : trace);
  return out.raw("profiles", profiles + "]").json();
}

// `name` is where the value stands in the event.
void write_observables(Draft& draft) {
  const JsonValue event = draft.facts.event();
  std::string list;
  const auto add = [&](std::string_view name, std::int64_t type, std::string_view type_name, const std::string& value) {
    if (value.empty()) return;
    append_element(list,
                   JsonObject().text("name", name).number("type_id", type).text("type", type_name).text("value", value).json());
  };
  const std::string ip = event["origin"]["ip"].text();
  std::string at = draft.choice.id == ClassId::kDetectionFinding ? "evidences[].src_endpoint." : "src_endpoint.";
  at += ip.size() <= kAddressMax ? "ip" : "name";
  add(draft.facts.is_taken(event["origin"]["ip"]) ? std::string_view(at) : "unmapped.event.origin.ip", 2, "IP Address", ip);
  if (draft.facts.actor_type() == "user") {
    const std::string name = event["actor"]["name"].text();
    add(draft.actor_is_subject ? "user.name" : "actor.user.name", 4, "User Name",
        name.empty() ? event["actor"]["id"].text() : name);
  }
  add("device.hostname", 1, "Hostname", host_name(draft.facts));
  draft.event.raw("observables", list);
}

// What came in, where it is text; else it stays under its own name.
void write_original(Draft& draft) {
  const JsonValue original = draft.facts.entry()["original"];
  if (!original.is(JsonType::kString)) return;
  const std::string text = draft.facts.take(original);
  draft.event.text("raw_data", text).number("raw_data_size", static_cast<std::int64_t>(text.size()));
}

void write_message(Draft& draft) {
  const JsonValue message = draft.facts.event()["message"];
  draft.event.text("message", readable(message));
  if (message.is(JsonType::kString)) draft.facts.take(message);
}

void write_device(Draft& draft) {
  const std::string device = device_object(draft.facts);
  const bool needed = draft.choice.id == ClassId::kFileActivity || draft.choice.id == ClassId::kProcessActivity ||
                      draft.choice.id == ClassId::kScheduledJobActivity || draft.choice.id == ClassId::kDeviceConfigStateChange;
  draft.event.raw("device", device.empty() && needed ? named_object(draft.facts, nullptr, true) : device);
}

}  // namespace

std::string complete(Draft& draft, std::uint64_t index, std::string_view log) {
  if (draft.choice.id == ClassId::kDetectionFinding) write_finding(draft);
  if (draft.choice.id == ClassId::kDetectionFinding || draft.choice.id == ClassId::kBaseEvent)
    draft.event.raw("actor", actor_object(draft.facts));
  write_classification(draft);
  write_time(draft);
  write_message(draft);
  write_device(draft);
  draft.event.raw("metadata", metadata(draft, index, log));
  write_observables(draft);
  write_original(draft);
  draft.facts.take(draft.facts.entry()["stele"]);
  draft.event.raw("unmapped", draft.facts.rest(draft.facts.entry()));
  return draft.event.json();
}

}  // namespace stele::ocsf
