// Health, metrics, status and the published schema.
#include "api/service.h"
#include "base/json_text.h"
#include "event/schema.h"
#include "io/clock_discipline.h"

namespace stele::api {
namespace {

std::string status_json(const Service& service) {
  std::string out = "{\"version\":\"" STELE_VERSION "\",\"uptime_seconds\":";
  append_decimal(out, static_cast<std::uint64_t>((service.clock.monotonic() - service.started) / 1'000'000'000));
  out += ",\"logs\":[";
  for (const auto& [name, sequencer] : service.logs) {
    const auto store = sequencer->store();
    const auto stopped = sequencer->stopped();
    out += out.back() == '[' ? "{\"name\":" : ",{\"name\":";
    append_json_string(out, name);
    out += ",\"origin\":";
    append_json_string(out, store->identity().origin);
    out += ",\"key\":";
    append_json_string(out, store->identity().key.text());
    out += ",\"created\":";
    append_json_string(out, store->identity().created);
    out += ",\"accepting\":";
    out += stopped ? "false" : "true";
    if (stopped) {
      out += ",\"why_not\":";
      append_json_string(out, stopped->message);
    }
    out += ",\"damage\":[";
    for (const std::string& sentence : store->damage().sentences) {
      if (out.back() != '[') out += ',';
      append_json_string(out, sentence);
    }
    out += ']';
    out += ",\"size\":" + std::to_string(store->size()) + ",\"sealed_size\":" + std::to_string(store->sealed_size());
    out += ",\"published_size\":" + std::to_string(store->published()->size) + ",\"last_received\":";
    if (store->size() == 0)
      out += "null}";
    else
      out += "\"" + format_time(store->last_received()) + "\"}";
  }
  out += ']';
  if (const auto clock = io::clock_discipline()) {
    out += ",\"clock\":{\"synchronised\":" + std::string(clock->synchronised ? "true" : "false") + ",\"max_error_us\":";
    append_decimal(out, static_cast<std::uint64_t>(clock->max_error_nanos / 1'000));
    out += '}';
  }
  return out + "}\n";
}

void sample(std::string& out, std::string_view name, std::string_view labels, std::uint64_t value) {
  out += name;
  if (!labels.empty()) out += "{" + std::string(labels) + "}";
  out += " " + std::to_string(value) + "\n";
}

void family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out +=
      "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) + " " + std::string(type) + "\n";
}

std::string metrics_text(const Service& service) {
  std::string out;
  const ApiCounters& c = service.counters;
  const auto one = [&](std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    family(out, name, type, help);
    sample(out, name, "", value);
  };
  one("stele_events_stored_total", "counter", "Events acknowledged over HTTP.", c.events_stored);
  one("stele_events_refused_total", "counter", "Events refused over HTTP, each with its reason in the answer.", c.events_refused);
  one("stele_events_without_origin_total", "counter", "Events stored that do not say from where the actor came.",
      c.events_without_origin);
  one("stele_events_quarantined_total", "counter", "Of those stored through other protocols, kept without being understood.",
      c.events_quarantined);
  one("stele_streams", "gauge", "Open streams.", c.streams);
  family(out, "stele_acknowledge_seconds", "histogram", "From a request's arrival to its acknowledgement.");
  c.acknowledge.append(out, "stele_acknowledge_seconds", "");

  struct PerLog {
    std::string_view name;
    std::string_view type;
    std::string_view help;
    std::function<std::uint64_t(const log::Sequencer&)> value;
  };
  const PerLog per_log[] = {
      {"stele_log_size", "gauge", "Entries committed.", [](const log::Sequencer& s) { return s.store()->size(); }},
      {"stele_log_sealed_size", "gauge", "Entries in sealed segments.",
       [](const log::Sequencer& s) { return s.store()->sealed_size(); }},
      {"stele_log_published_size", "gauge", "Size of the published checkpoint.",
       [](const log::Sequencer& s) { return s.store()->published()->size; }},
      {"stele_log_accepting", "gauge", "1 while the log takes events.",
       [](const log::Sequencer& s) -> std::uint64_t { return s.stopped() ? 0 : 1; }},
      {"stele_log_queued_bytes", "gauge", "Bytes of entries that wait for their commit.",
       [](const log::Sequencer& s) { return s.queued_bytes(); }},
      {"stele_log_commits_total", "counter", "Frames written and synced.",
       [](const log::Sequencer& s) { return s.counters().commits.load(); }},
      {"stele_log_events_total", "counter", "Entries committed since the start.",
       [](const log::Sequencer& s) { return s.counters().events.load(); }},
      {"stele_log_repeated_total", "counter", "Deliveries recognised as repeats.",
       [](const log::Sequencer& s) { return s.counters().repeated.load(); }},
      {"stele_log_conflicts_total", "counter", "Events refused for an id that stands for another.",
       [](const log::Sequencer& s) { return s.counters().conflicts.load(); }},
      {"stele_log_busy_total", "counter", "Submissions refused because too much waits.",
       [](const log::Sequencer& s) { return s.counters().refused_busy.load(); }},
      {"stele_log_damage_total", "counter", "Times that reading met damage which the log can do without; status says which.",
       [](const log::Sequencer& s) { return s.store()->damage().count; }},
      {"stele_log_stops_total", "counter", "Times the log stopped after a failed write.",
       [](const log::Sequencer& s) { return s.counters().stops.load(); }},
  };
  for (const PerLog& metric : per_log) {
    family(out, metric.name, metric.type, metric.help);
    for (const auto& [name, sequencer] : service.logs) sample(out, metric.name, "log=\"" + name + "\"", metric.value(*sequencer));
  }
  if (service.more_metrics) service.more_metrics(out);
  return out;
}

}  // namespace

Result<log::Sequencer*> Service::find(const std::string& name) const {
  const auto it = logs.find(name);
  if (it == logs.end()) return Error{Code::kNotFound, "there is no log \"" + name + "\""};
  return it->second;
}

bool Service::is_strict(const log::Sequencer& log, std::string_view source) const {
  for (const auto& [name, watch] : watches) {
    if (logs.at(name) != &log) continue;
    const sources::Registered* registered = watch->registry().find(source);
    return registered != nullptr && registered->attribution == sources::Attribution::kStrict;
  }
  return false;
}

void add_operation_routes(Router& router, Service& service) {
  using access::Permission;
  const auto get = [&](std::string pattern, std::function<net::Response()> make) {
    router.add(
        {"GET", std::move(pattern), Permission::kObserve,
         [make = std::move(make)](const net::Request&, const PathParts&, const net::Reply& reply) { reply.send(make()); }});
  };
  get("/healthz", [] { return text_response("alive\n"); });
  get("/readyz", [&service] {
    for (const auto& [name, sequencer] : service.logs) {
      if (const auto stopped = sequencer->stopped()) return error_response(stopped->in("log " + name));
    }
    return text_response("ready\n");
  });
  get("/metrics", [&service] {
    net::Response response = text_response(metrics_text(service));
    response.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  });
  get("/api/v1/status", [&service] { return json_response(200, status_json(service)); });
  get("/api/v1/schema/event", [] {
    net::Response response = json_response(200, event::event_schema());
    response.headers[0].second = "application/schema+json";
    return response;
  });
}

}  // namespace stele::api
