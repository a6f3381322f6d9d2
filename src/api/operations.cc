// Health, metrics, status and the published schema.
#include <algorithm>

#include "api/responses.h"
#include "api/service.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "event/schema.h"
#include "io/clock_discipline.h"

namespace stele::api {
namespace {

std::string status_json(const Service& service, const Call& call) {
  std::string out = "{\"version\":\"" STELE_VERSION "\",\"uptime_seconds\":";
  append_decimal(out, static_cast<std::uint64_t>((service.clock.monotonic() - service.started) / kSecond));
  out += ",\"logs\":[";
  for (const auto& [name, parts] : service.logs) {
    if (!call.identity.knows(name, call.permission)) continue;
    const auto store = parts.log->store();
    const auto stopped = parts.log->stopped();
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

void append_server_metrics(const Service& service, MetricsText& out) {
  const ApiCounters& c = service.counters;
  out.counter("stele_events_stored_total", "Events acknowledged over HTTP.", c.events_stored);
  out.counter("stele_events_refused_total", "Events refused over HTTP, each with its reason in the answer.", c.events_refused);
  out.counter("stele_events_without_origin_total", "Events stored that do not say from where the actor came.",
              c.events_without_origin);
  out.counter("stele_events_quarantined_total", "Of those stored through other protocols, kept without being understood.",
              c.events_quarantined);
  out.gauge("stele_streams", "Open streams.", service.streams.open());
  out.histogram("stele_acknowledge_seconds", "From a request's arrival to its acknowledgement.", c.acknowledge);
}

// What is counted for the whole server is for who has all its logs: from the rest one could tell that there are others.
std::string metrics_text(const Service& service, const Call& call) {
  MetricsText out;
  if (call.identity.logs.empty()) append_server_metrics(service, out);
  for (const auto& [name, parts] : service.logs) {
    if (!call.identity.knows(name, call.permission)) continue;
    const log::Sequencer& log = *parts.log;
    const auto store = log.store();
    const std::string labels = "log=\"" + name + "\"";
    out.gauge("stele_log_size", "Entries committed.", store->size(), labels);
    out.gauge("stele_log_sealed_size", "Entries in sealed segments.", store->sealed_size(), labels);
    out.gauge("stele_log_published_size", "Size of the published checkpoint.", store->published()->size, labels);
    out.gauge("stele_log_accepting", "1 while the log takes events.", log.stopped() ? 0 : 1, labels);
    out.gauge("stele_log_queued_bytes", "Bytes of entries that wait for their commit.", log.queued_bytes(), labels);
    out.counter("stele_log_commits_total", "Frames written and synced.", log.counters().commits, labels);
    out.counter("stele_log_events_total", "Entries committed since the start.", log.counters().events, labels);
    out.counter("stele_log_repeated_total", "Deliveries recognised as repeats.", log.counters().repeated, labels);
    out.counter("stele_log_conflicts_total", "Events refused for an id that stands for another.", log.counters().conflicts,
                labels);
    out.counter("stele_log_busy_total", "Submissions refused because too much waits.", log.counters().refused_busy, labels);
    out.counter("stele_log_damage_total", "Times that reading met damage which the log can do without; status says which.",
                store->damage().count, labels);
    out.counter("stele_log_stops_total", "Times the log stopped after a failed write.", log.counters().stops, labels);
  }
  if (service.more_metrics) service.more_metrics(out, call.identity);
  return out.text();
}

}  // namespace

Result<LogParts> Service::parts_of(const Call& call, const std::string& name) const {
  const auto it = logs.find(name);
  if (it == logs.end() || !call.identity.knows(name, call.permission))
    return Error{Code::kNotFound, "there is no log \"" + name + "\""};
  return it->second;
}

Result<log::Sequencer*> Service::find(const Call& call, const std::string& name) const {
  STELE_ASSIGN(const LogParts parts, parts_of(call, name));
  return parts.log;
}

bool Service::still_holds(const access::Identity& identity) const {
  return grants->grants().holds(identity, clock.now()) && (!identity.session || login.sessions->is_open(*identity.session));
}

void at_the_desk(const LoginParts& login, const login::Flow& flow, const net::Reply& reply, std::function<void()> work) {
  const auto unless_gone = [reply, work = std::move(work)] {
    if (!reply.is_given_up()) work();
  };
  login.pool->submit(flow, unless_gone, [reply] {
    reply.send(error_response({Code::kBusy, "too many log in at this moment; try again"}));
  });
}

void back_at_the_desk(const LoginParts& login, const net::Reply& reply, std::function<void()> work) {
  login.pool->resume(std::move(work), [reply] {
    reply.send(error_response({Code::kUnavailable, "the server is shutting down; that it was done is on record"}));
  });
}

bool Service::is_strict(const log::Sequencer& log, std::string_view source) const {
  const auto parts = std::ranges::find_if(logs, [&](const auto& one) { return one.second.log == &log; });
  if (parts == logs.end()) return false;
  const sources::Registered* registered = parts->second.watch->registry().find(source);
  return registered != nullptr && registered->attribution == sources::Attribution::kStrict;
}

void add_operation_routes(Router& router, Service& service) {
  using access::Permission;
  const auto get = [&](std::string pattern, std::function<net::Response(const Call&)> make, Gate gate = Gate::kIdentity) {
    router.add(
        {"GET", std::move(pattern), Permission::kObserve, audit::OnRecord::never(),
         [make = std::move(make)](const net::Request&, const Call& call, const net::Reply& reply) { reply.send(make(call)); },
         gate});
  };
  get(
      "/healthz", [](const Call&) { return text_response("alive\n"); }, Gate::kOpen);
  get(
      "/readyz",
      [&service](const Call& call) {
        for (const auto& [name, parts] : service.logs) {
          const auto stopped = parts.log->stopped();
          if (!stopped) continue;
          return error_response(call.identity.knows(name, call.permission) ? stopped->in("log " + name)
                                                                           : unavailable("a log takes no events"));
        }
        return text_response("ready\n");
      },
      Gate::kOpen);
  get("/metrics", [&service](const Call& call) {
    net::Response response = text_response(metrics_text(service, call));
    response.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  });
  get("/api/v1/status", [&service](const Call& call) { return json_response(200, status_json(service, call)); });
  const auto schema = [](const Call&) {
    net::Response response = json_response(200, event::event_schema());
    response.headers[0].second = "application/schema+json";
    return response;
  };
  get("/api/v1/schema/event", schema, Gate::kKnown);
}

}  // namespace stele::api
