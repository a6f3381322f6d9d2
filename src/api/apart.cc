// What entries keep apart: attachments, sealed values, and their erasure.
#include "apart/commitment.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "base/json_text.h"
#include "event/internal_event.h"
#include "event/json_value.h"

namespace stele::api {
namespace {

using event::ApartKind;

struct Named {
  ApartKind kind = ApartKind::kSealed;
  Hash commitment{};
};

// A commitment as hex, base64, or base64 as URLs have it (RFC 4648 section 5, padding optional).
Result<Hash> parse_commitment(std::string text) {
  if (text.size() == 64) {
    if (const auto bytes = hex_decode(text); bytes && bytes->size() == sizeof(Hash)) {
      Hash out{};
      std::copy(bytes->begin(), bytes->end(), out.begin());
      return out;
    }
  }
  text = net::percent_decode(text);
  for (char& c : text) c = c == '-' || c == ' ' ? '+' : c == '_' ? '/' : c;
  if (text.size() == 43) text += '=';
  const auto hash = base64_decode_hash(text);
  if (!hash) return invalid("a commitment is 32 bytes as hex or base64, not \"" + text + "\"");
  return *hash;
}

std::string_view kind_name(ApartKind kind) { return kind == ApartKind::kSealed ? "sealed" : "attachment"; }

event::InternalEvent act(const audit::Doer& doer, const Named& named, std::string_view action, std::string message,
                         UnixNanos now) {
  event::InternalEvent out = event_by(doer, action, now);
  out.category = "privileged_activity";
  out.severity = "notice";
  out.message = std::move(message);
  const std::string commitment = base64_encode(as_byte_span(named.commitment));
  out.targets = {{"value", commitment}};
  out.attributes.emplace_back("kind", std::string(kind_name(named.kind)));
  out.attributes.emplace_back("commitment", commitment);
  return out;
}

net::Response value_response(const event::ApartValue& value) {
  net::Response out;
  out.headers = {{"Content-Type", value.kind == ApartKind::kSealed ? "application/json" : "application/octet-stream"},
                 {"Cache-Control", "private, no-store"},
                 {"X-Content-Type-Options", "nosniff"},
                 {"Stele-Salt", base64_encode(std::as_bytes(std::span(value.salt)))}};
  out.body = value.bytes;
  return out;
}

// Writes the act into the log, then does it on the connection's thread.
void submit_act(log::Sequencer& log, const event::InternalEvent& event, const net::Reply& reply,
                std::function<net::Response(std::uint64_t index)> then) {
  auto batch = event::internal_batch(event);
  if (!batch) return reply.send(error_response(batch.error()));
  log.submit(std::move(*batch), false, [reply, then = std::move(then)](const Result<log::Delivered>& delivered) {
    if (!delivered) return reply.send(error_response(delivered.error()));
    reply.post([reply, then, index = delivered->placed.front().index] { reply.send(then(index)); });
  });
}

void read_value(const Service& service, ApartKind kind, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto sequencer = service.find(call, call.parts.at(0));
  if (!sequencer) return reply.send(error_response(sequencer.error()));
  const auto commitment = parse_commitment(call.parts.at(1));
  if (!commitment) return reply.send(error_response(commitment.error()));
  auto value = (*sequencer)->store()->apart().read(kind, *commitment);
  if (!value) return reply.send(error_response(value.error()));
  if (kind == ApartKind::kAttachment) return reply.send(value_response(*value));
  // That a sealed value was read is on record before it is.
  const Named named{kind, *commitment};
  submit_act(
      **sequencer,
      act(doer_of(request, &call.identity), named, "stele.value.opened", "A sealed value was opened.", service.clock.now()),
      reply, [value = std::move(*value)](std::uint64_t) { return value_response(value); });
}

struct Erasure {
  Hash commitment{};
  std::vector<ApartKind> kinds;  // one of which it is
  std::string reason;
};

// What the log has of that commitment. kNotFound: nothing, or it was erased.
Result<Named> find_named(const log::Store& store, const Erasure& erasure) {
  Error none{Code::kNotFound, "there is no such value"};
  for (const ApartKind kind : erasure.kinds) {
    const auto holds = store.apart().holds(kind, erasure.commitment);
    if (holds && *holds) return Named{kind, erasure.commitment};
    if (holds) return Error{Code::kNotFound, "the value was erased before"};
    if (holds.error().code != Code::kNotFound) return holds.error();
    none = holds.error();
  }
  return none;
}

Result<Erasure> read_erasure(const net::Request& request) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(request.body, {65'536, 4, 100}, error)) return invalid("the body is no JSON: " + error.message);
  const event::JsonValue body(tape);
  Erasure out;
  const std::string kind = body["kind"].text();
  if (!kind.empty() && kind != "sealed" && kind != "attachment")
    return invalid("kind is sealed or attachment, not \"" + kind + "\"");
  if (kind != "sealed") out.kinds.push_back(ApartKind::kAttachment);
  if (kind != "attachment") out.kinds.push_back(ApartKind::kSealed);
  STELE_ASSIGN(out.commitment, parse_commitment(body["commitment"].text()));
  out.reason = body["reason"].text();
  if (out.reason.empty()) return invalid("reason is needed: why the value has to go");
  return out;
}

void erase_value(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto sequencer = service.find(call, request.parameter("log").value_or("main"));
  if (!sequencer) return reply.send(error_response(sequencer.error()));
  const auto erasure = read_erasure(request);
  if (!erasure) return reply.send(error_response(erasure.error()));
  const auto named = find_named(*(*sequencer)->store(), *erasure);
  if (!named) return reply.send(error_response(named.error()));
  auto event = act(doer_of(request, &call.identity), *named, "stele.value.erased", "A value was erased; its commitment stays.",
                   service.clock.now());
  event.attributes.emplace_back("reason", erasure->reason);
  submit_act(**sequencer, event, reply, [log = *sequencer, named = *named](std::uint64_t index) {
    if (const Status erased = log->store()->apart().erase(named.kind, named.commitment); !erased)
      return error_response(
          erased.error().in("entry " + std::to_string(index) + " says that it is erased, and it is not; try again"));
    return json_response(200, "{\"erased\":true,\"index\":" + std::to_string(index) + "}\n");
  });
}

}  // namespace

void add_apart_routes(Router& router, Service& service) {
  using access::Permission;
  const auto always = [](const net::Request&, const Call&) { return true; };
  const auto value = [&](const char* path, Permission permission, audit::OnRecord on_record, ApartKind kind) {
    router.add(guarded(always, {"GET", path, permission, on_record,
                                [&service, kind](const net::Request& request, const Call& call, const net::Reply& reply) {
                                  read_value(service, kind, request, call, reply);
                                }}));
  };
  value("/log/{log}/attachment/{commitment}", Permission::kRead,
        audit::OnRecord::each("stele.attachment.seen", "looked at attachments of"), ApartKind::kAttachment);
  value("/log/{log}/sealed/{commitment}", Permission::kOpenSealed, audit::OnRecord::by_itself(), ApartKind::kSealed);
  router.add(guarded(always, {"POST", "/api/v1/erase", Permission::kErase, audit::OnRecord::by_itself(),
                              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                                erase_value(service, request, call, reply);
                              }}));
}

}  // namespace stele::api
