// POST /api/v1/events: decode, check, hand to the log, answer with the receipt.
#include "api/submit.h"

#include <algorithm>
#include <map>

#include "api/delivery_request.h"
#include "api/refusal.h"
#include "api/responses.h"
#include "api/use.h"
#include "base/json_text.h"
#include "event/body.h"
#include "event/entry.h"
#include "event/intake.h"

namespace stele::api {
namespace {

enum class Results { kFull, kRange, kEntries };

struct Options {
  Results results = Results::kFull;
  bool proof = true;
};

// One event that was refused before it came to the log.
struct Refused {
  std::size_t at = 0;
  event::Finding finding;
};

struct Warned {
  std::size_t at = 0;
  std::vector<event::Finding> findings;
};

// What the answer needs once the log has spoken.
struct Exchange {
  Options options;
  std::size_t count = 0;  // events in the request
  std::vector<Refused> refused;
  std::vector<Warned> warned;
  std::vector<bool> has_origin;  // of the events that went to the log
  std::string origin;
  std::string source;
  std::int64_t arrived = 0;
};

Result<Options> read_options(const net::Request& request) {
  Options options;
  const std::string results = request.parameter("results").value_or("full");
  if (results == "range")
    options.results = Results::kRange;
  else if (results == "entries")
    options.results = Results::kEntries;
  else if (results != "full")
    return invalid("results is one of full, range, entries; not \"" + results + "\"");
  const std::string proof = request.parameter("proof").value_or("range");
  if (proof == "none")
    options.proof = false;
  else if (proof != "range")
    return invalid("proof is one of range, none; not \"" + proof + "\"");
  return options;
}

bool is_ndjson(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find_first_of("; ")));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return type == "application/x-ndjson" || type == "application/ndjson" || type == "application/jsonl";
}

void append_error(std::string& out, std::string_view code, std::string_view path, std::string_view message) {
  out += "{\"error\":{\"code\":";
  append_json_string(out, code);
  out += ",\"path\":";
  append_json_string(out, is_utf8(path) ? path : "");
  out += ",\"message\":";
  append_json_string(out, is_utf8(message) ? message : "the event is not UTF-8");
  out += "}}";
}

void append_placed(std::string& out, const log::Placed& placed, const std::vector<event::Finding>* warnings,
                   std::string_view entry) {
  out += "{\"index\":";
  append_decimal(out, placed.index);
  out += ",\"id\":\"";
  out += placed.id;
  out += "\",\"leaf\":\"";
  base64_append(out, as_byte_span(placed.leaf));
  out += '"';
  if (placed.repeated) out += ",\"repeated\":true";
  if (!entry.empty()) {
    out += ",\"entry\":";
    append_json_string(out, entry);
  }
  if (warnings != nullptr) {
    out += ",\"warnings\":[";
    for (const event::Finding& warning : *warnings) {
      if (out.back() == '}') out += ',';
      out += "{\"path\":";
      append_json_string(out, warning.path);
      out += ",\"message\":";
      append_json_string(out, warning.message);
      out += '}';
    }
    out += ']';
  }
  out += '}';
}

// Walks the events of the request in order: refused ones and placed ones.
template <typename OnRefused, typename OnPlaced>
void in_order(const Exchange& exchange, const log::Delivered* delivered, OnRefused&& on_refused, OnPlaced&& on_placed) {
  std::size_t refused = 0;
  std::size_t placed = 0;
  for (std::size_t i = 0; i < exchange.count; ++i) {
    if (refused < exchange.refused.size() && exchange.refused[refused].at == i) {
      const event::Finding& finding = exchange.refused[refused++].finding;
      on_refused(i, finding.code, finding.path, finding.message);
    } else {
      const log::Placed& one = delivered->placed[placed++];
      if (one.error)
        on_refused(i, "id_conflict", "/id", one.error->message);
      else
        on_placed(i, one);
    }
  }
}

std::size_t stored_count(const log::Delivered* delivered) {
  std::size_t stored = 0;
  if (delivered != nullptr) {
    for (const log::Placed& placed : delivered->placed) stored += placed.error ? 0U : 1U;
  }
  return stored;
}

// Those among the new entries that do not say from where the actor came.
std::uint64_t without_origin(const Exchange& exchange, const log::Delivered& delivered) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < delivered.placed.size(); ++i) {
    const log::Placed& placed = delivered.placed[i];
    if (!placed.error && !placed.repeated && !exchange.has_origin[i]) ++count;
  }
  return count;
}

std::string full_body(const Exchange& exchange, const log::Delivered* delivered) {
  std::string out = "{\"results\":[";
  std::string_view entries = delivered != nullptr ? std::string_view(delivered->bytes) : std::string_view();
  out.reserve(64 + exchange.count * 130 + entries.size() * 5 / 4);
  auto warned = exchange.warned.begin();
  in_order(
      exchange, delivered,
      [&](std::size_t i, std::string_view code, std::string_view path, std::string_view message) {
        if (i != 0) out += ',';
        append_error(out, code, path, message);
      },
      [&](std::size_t i, const log::Placed& placed) {
        if (i != 0) out += ',';
        std::string_view entry;
        if (!entries.empty()) {
          entry = entries.substr(2, load_be16(entries.data()));
          entries.remove_prefix(2 + entry.size());
        }
        while (warned != exchange.warned.end() && warned->at < i) ++warned;  // of events that the log refused
        const bool has_warnings = warned != exchange.warned.end() && warned->at == i;
        append_placed(out, placed, has_warnings ? &(warned++)->findings : nullptr, entry);
      });
  out += ']';
  return out;
}

std::string range_body(const Exchange& exchange, const log::Delivered* delivered) {
  std::string refused;
  std::uint64_t first = UINT64_MAX;
  std::uint64_t repeated = 0;
  in_order(
      exchange, delivered,
      [&](std::size_t i, std::string_view code, std::string_view path, std::string_view message) {
        refused += refused.empty() ? "{\"at\":" : ",{\"at\":";
        append_decimal(refused, i);
        std::string error;
        append_error(error, code, path, message);
        refused += ',';
        refused.append(error, 1);  // the members of {"error":…}
      },
      [&](std::size_t, const log::Placed& placed) {
        first = std::min(first, placed.index);
        repeated += placed.repeated ? 1U : 0U;
      });
  std::string out = "{\"first\":";
  if (first == UINT64_MAX)
    out += "null";
  else
    append_decimal(out, first);
  out += ",\"count\":";
  append_decimal(out, stored_count(delivered));
  out += ",\"repeated\":";
  append_decimal(out, repeated);
  out += ",\"refused\":[" + refused + "]";
  return out;
}

// The entry that says what is refused: the refusal is part of the record.
event::InternalEvent refusal_note(const Exchange& exchange, UnixNanos now) {
  std::map<std::string, std::uint64_t> codes;
  for (const Refused& refused : exchange.refused) ++codes[refused.finding.code];
  std::string reasons;
  for (const auto& [code, count] : codes) reasons += (reasons.empty() ? "" : ", ") + std::to_string(count) + " " + code;
  return refused_event(exchange.source, exchange.refused.size(), 0, reasons, now);
}

net::Response answer(Service& service, const Exchange& exchange, const log::Delivered* delivered) {
  const std::size_t stored = stored_count(delivered);
  std::string body =
      exchange.options.results == Results::kRange ? range_body(exchange, delivered) : full_body(exchange, delivered);
  if (stored > 0 && exchange.options.proof) {
    body += ",\"receipt\":";
    append_receipt(body, exchange.origin, *delivered);
  }
  body += "}\n";
  service.counters.events_stored += stored;
  service.counters.events_refused += exchange.count - stored;
  if (delivered != nullptr) service.counters.events_without_origin += without_origin(exchange, *delivered);
  service.counters.acknowledge.record(service.clock.monotonic() - exchange.arrived);
  return json_response(stored == exchange.count ? 200 : stored == 0 ? 400 : 207, std::move(body));
}

}  // namespace

void append_receipt(std::string& out, const std::string& origin, const log::Delivered& delivered) {
  out += "{\"stele_receipt\":1,\"log\":";
  append_json_string(out, origin);
  out += ",\"checkpoint\":";
  append_json_string(out, delivered.state->note);
  out += ",\"ranges\":[";
  for (const log::ProvenRange& range : delivered.ranges) {
    if (&range != delivered.ranges.data()) out += ',';
    out += "{\"first\":";
    append_decimal(out, range.first);
    out += ",\"count\":";
    append_decimal(out, range.count);
    out += ",\"proof\":[";
    for (const Hash& hash : range.proof) {
      out += out.back() == '[' ? "\"" : ",\"";
      base64_append(out, as_byte_span(hash));
      out += '"';
    }
    out += "]}";
  }
  out += "]}";
}

void submit_events(Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto turn_away = [&](const Error& error) {
    note_if_refused(*service.recorder, request, &call.identity, error);
    reply.send(error_response(error));
  };
  const auto sequencer = service.find(call, request.parameter("log").value_or("main"));
  if (!sequencer) return turn_away(sequencer.error());
  const auto source = source_of(request, call, "http", request.peer.credentials ? "control" : "http");
  if (!source) return turn_away(source.error());
  // How many events the request held is not known; that there was something is.
  const auto refuse = [&service, &log = **sequencer, id = source->id, reply](const Error& error) {
    if (error.code != Code::kInvalid && error.code != Code::kTooLarge) return reply.send(error_response(error));
    note_refusal(log, refused_event(id, 0, 1, error.message, service.clock.now()), reply,
                 [reply, error](const Status& noted) { reply.send(error_response(noted ? error : noted.error())); });
  };
  const auto options = read_options(request);
  if (!options) return refuse(options.error());
  auto exchange = std::make_shared<Exchange>();  // shared by this call and the answer that comes later
  exchange->options = *options;
  exchange->arrived = service.clock.monotonic();
  exchange->origin = (*sequencer)->store()->identity().origin;

  std::string decoded;
  const auto body = plain_body(request, service.limits.body_bytes_max, decoded);
  if (!body) return refuse(body.error());
  const auto events = event::split_events(*body, is_ndjson(request.header("content-type")), service.limits.events_max);
  if (!events) return refuse(events.error());
  exchange->count = events->size();

  event::Intake intake(service.limits.event);
  event::Accepted accepted;
  event::EntryBatch batch(*source);
  batch.reserve(events->size(), body->size());
  for (std::size_t i = 0; i < events->size(); ++i) {
    event::Finding finding;
    if (!intake.read((*events)[i], accepted, finding)) {
      exchange->refused.push_back({i, std::move(finding)});
      continue;
    }
    const apart::EntryTexts texts{accepted.text, accepted.derived, {}, accepted.id};
    if (const Status added = service.understanding.keeper.add(batch, texts); !added) {
      exchange->refused.push_back({i, {std::string(code_name(added.error().code)), "", added.error().message}});
      continue;
    }
    exchange->has_origin.push_back(accepted.has_origin);
    if (!accepted.warnings.empty()) exchange->warned.push_back({i, accepted.warnings});
  }
  exchange->source = batch.source_id();
  const auto answer_with = [&service, exchange, reply](std::shared_ptr<Result<log::Delivered>> result) {
    if (result != nullptr && !*result) return reply.send(error_response(result->error()));
    reply.send(answer(service, *exchange, result == nullptr ? nullptr : &**result));
  };
  // The answer names what is refused once the log does.
  const auto note_and_answer = [&service, exchange, reply, log = *sequencer,
                                answer_with](std::shared_ptr<Result<log::Delivered>> result) {
    if (exchange->refused.empty() || (result != nullptr && !*result)) return answer_with(std::move(result));
    note_refusal(*log, refusal_note(*exchange, service.clock.now()), reply,
                 [answer_with, reply, result = std::move(result)](const Status& noted) {
                   if (!noted) return reply.send(error_response(noted.error()));
                   answer_with(result);
                 });
  };
  if (batch.count() == 0) return note_and_answer(nullptr);
  (*sequencer)
      ->submit(std::move(batch), exchange->options.results == Results::kEntries,
               [reply, note_and_answer](Result<log::Delivered> result) {
                 // Back to the connection's thread: the log's own has better to do than to write answers.
                 auto shared = std::make_shared<Result<log::Delivered>>(std::move(result));  // std::function copies its captures
                 reply.post([note_and_answer, shared] { note_and_answer(shared); });
               });
}

}  // namespace stele::api
