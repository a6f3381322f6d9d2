// /api/v1/timeline: everything that belongs to one incident.
#include "timeline/timeline.h"
#include "api/responses.h"

#include <algorithm>
#include <array>
#include <memory>

#include "api/parameters.h"
#include "api/searching.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "query/moment.h"

namespace stele::api {
namespace {

using timeline::Link;
using timeline::Timeline;
using timeline::TimelineRequest;

constexpr std::array<std::pair<std::string_view, Link::Kind>, 4> kSeeds{{{"actor", Link::Kind::kActor},
                                                                         {"session", Link::Kind::kSession},
                                                                         {"request", Link::Kind::kRequest},
                                                                         {"target", Link::Kind::kTarget}}};

Result<std::optional<query::Moment>> read_moment(const Parameters& parameters, const std::string& name, UnixNanos now) {
  const std::string text = parameters.text(name);
  if (text.empty()) return std::optional<query::Moment>();
  auto moment = query::parse_moment(text, now);
  if (!moment) return invalid(name + " is a time, as 2026-11-23T16:20 or 3d, not \"" + text + "\"");
  return moment;
}

Result<UnixNanos> read_window(const std::string& text, UnixNanos now) {
  const auto moment = query::parse_moment(text, now);
  const bool is_length = moment && moment->relative && moment->first < now;
  if (!is_length || now - moment->first > timeline::kWindowMax)
    return invalid("window is a length up to 7d, as 10m, not \"" + text + "\"");
  return now - moment->first;
}

// The seed but for a query.
Status read_seed(const Parameters& parameters, TimelineRequest& request) {
  const bool has_query = !parameters.text("q").empty() || !parameters.text("query").empty();
  int seeds = has_query ? 1 : 0;
  for (const auto& [name, kind] : kSeeds) {
    std::string value = parameters.text(std::string(name));
    if (value.empty()) continue;
    ++seeds;
    if (value.size() > timeline::kValueBytesMax) return invalid(std::string(name) + " has at most 1,024 bytes");
    if (!is_utf8(value)) return invalid(std::string(name) + " is not UTF-8");
    request.seed.kind = kind;
    request.seed.value = std::move(value);
  }
  if (seeds != 1) return invalid("a timeline is of one of actor, session, request, target and q");
  if (has_query) request.seed.value = parameters.text("q").empty() ? parameters.text("query") : parameters.text("q");
  return {};
}

Result<TimelineRequest> read_request(const Parameters& parameters, UnixNanos now) {
  TimelineRequest out;
  STELE_TRY(read_seed(parameters, out));
  STELE_ASSIGN(const auto since, read_moment(parameters, "since", now));
  STELE_ASSIGN(const auto until, read_moment(parameters, "until", now));
  if (since) out.since = since->first;
  if (until) out.until = until->first;
  STELE_ASSIGN(out.window, read_window(parameters.text("window", "10m"), now));
  STELE_ASSIGN(out.depth, parameters.number("depth", out.depth));
  STELE_ASSIGN(out.limit, parameters.number("limit", out.limit));
  if (out.depth > timeline::kDepthMax) return invalid("depth is at most 10");
  if (out.limit > timeline::kEntriesMax || out.limit == 0) return invalid("limit is 1 to 5,000");
  return out;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += ",\"" + std::string(name) + "\":";
  append_json_string(out, value);
}

void append_through(std::string& out, const std::optional<std::uint64_t>& through) {
  out += ",\"through\":";
  if (through) {
    append_decimal(out, *through);
  } else {
    out += "null";
  }
}

// Without its last brace.
void append_link(std::string& out, const Link& link, const std::optional<std::uint64_t>& through) {
  out += "{\"link\":\"";
  out += timeline::name_of(link.kind);
  out += "\",\"value\":";
  append_json_string(out, link.value);
  append_through(out, through);
  append_member(out, "person", link.person);
  append_member(out, "by", link.by);
  append_member(out, "host", link.host);
  append_member(out, "source", link.source);
}

void append_range(std::string& out, const Link& link) {
  if (link.from) append_member(out, "from", format_time(*link.from));
  if (link.before) append_member(out, "before", format_time(*link.before));
}

void append_entries(std::string& out, const Timeline& found, const sentence::Sentences& sentences) {
  out += "{\"entries\":[";
  for (const timeline::TimelineEntry& one : found.entries) {
    out += out.back() == '[' ? "{\"index\":" : ",{\"index\":";
    append_decimal(out, one.index);
    out += ",\"time\":\"" + format_time(one.time) + "\",\"why\":[";
    for (const timeline::Why& why : one.why) {
      if (out.back() != '[') out += ',';
      append_link(out, found.links[why.link].link, why.through);
      out += '}';
    }
    out += "],\"sentence\":";
    append_json_string(out, sentences.of(one.entry));
    out += ",\"entry\":" + one.entry + "}";
  }
}

std::string timeline_json(const Timeline& found, const TimelineRequest& request, const sentence::Sentences& sentences) {
  std::string out;
  append_entries(out, found, sentences);
  out += "],\"links\":[";
  for (const timeline::FollowedLink& one : found.links) {
    if (out.back() != '[') out += ',';
    append_link(out, one.link, one.link.through);
    append_range(out, one.link);
    out += ",\"count\":";
    append_decimal(out, one.count);
    out += '}';
  }
  out += "],\"left_out\":[";
  for (const timeline::LeftOut& one : found.left_out) {
    if (out.back() != '[') out += ',';
    append_link(out, one.link, one.link.through);
    append_range(out, one.link);
    append_member(out, "reason", one.reason);
    if (one.count > 0) {
      out += ",\"count\":";
      append_decimal(out, one.count);
    }
    out += '}';
  }
  out += "],\"truncated\":[";
  for (const std::string& bound : found.truncated) out += (out.back() == '[' ? "\"" : ",\"") + bound + "\"";
  out += "],\"total\":";
  append_decimal(out, found.entries.size());
  out += ",\"window_seconds\":";
  append_decimal(out, static_cast<std::uint64_t>(request.window / kSecond));
  out += ",\"size\":";
  append_decimal(out, found.size);
  return out + "}\n";
}

void handle_timeline(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const UnixNanos now = service.clock.now();
  const auto parameters = Parameters::read(
      request, {"q", "query", "actor", "session", "request", "target", "log", "since", "until", "window", "depth", "limit"});
  if (!parameters) return reply.send(error_response(parameters.error()));
  auto read = read_request(*parameters, now);
  if (!read) return reply.send(error_response(read.error()));
  auto query = read_query(*parameters, now);
  if (auto* wrong = std::get_if<net::Response>(&query)) return reply.send(std::move(*wrong));
  read->query = std::move(std::get<query::Query>(query).term);
  const auto searched = find_searched(service, call, parameters->text("log", "main"));
  if (!searched) return reply.send(error_response(searched.error()));
  const auto question = std::make_shared<TimelineRequest>(std::move(*read));  // std::function copies its captures
  // Whose which accounts are is for who sees the log whole, as their list is.
  static const people::Directory kNobodys;
  const people::Directory& directory = call.identity.sees_whole() ? service.directory : kNobodys;
  answer_search(service, reply,
                [&service, &directory, question, searched = *searched](const GoOn& go_on) -> Result<net::Response> {
                  STELE_ASSIGN(const Timeline found, timeline::make_timeline(searched, directory, *question, go_on));
                  return json_response(200, timeline_json(found, *question, service.sentences));
                });
}

}  // namespace

void add_timeline_routes(Router& router, Service& service) {
  const auto timeline = [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
    handle_timeline(service, request, call, reply);
  };
  constexpr auto on_record = audit::OnRecord::each("stele.timeline.seen", "followed what belongs together in");
  // What is followed from entry to entry is told, and may be what is masked.
  router.add(showing(Shows::kScope, {"GET", "/api/v1/timeline", access::Permission::kRead, on_record, timeline}));
  router.add(showing(Shows::kScope, {"POST", "/api/v1/timeline", access::Permission::kRead, on_record.of_body(), timeline}));
}

}  // namespace stele::api
