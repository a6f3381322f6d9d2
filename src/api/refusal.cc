#include "api/refusal.h"

namespace stele::api {

event::InternalEvent refused_event(const std::string& source, std::uint64_t events, std::uint64_t requests, std::string_view why,
                                   UnixNanos now) {
  event::InternalEvent out;
  out.time = now;
  out.action = "stele.refused";
  out.category = "system_error";
  out.outcome = "failure";
  out.severity = "notice";
  out.message = (requests > 0 ? "A request" : std::to_string(events) + (events == 1 ? " event" : " events")) + " of source " +
                source + (requests + events == 1 ? " was refused." : " were refused.");
  out.targets = {{"source", source}};
  out.attributes.emplace_back("source", source);
  out.attributes.emplace_back("events", events);
  out.attributes.emplace_back("requests", requests);
  out.attributes.emplace_back("why", std::string(why));
  return out;
}

void note_refusal(log::Sequencer& log, const event::InternalEvent& note, const net::Reply& reply,
                  std::function<void(const Status&)> done) {
  auto batch = event::internal_batch(note);
  if (!batch) return done(batch.error());
  log.submit_note(std::move(*batch), [reply, done = std::move(done)](const Result<log::Delivered>& delivered) {
    reply.post([done, status = delivered ? Status() : Status(delivered.error())] { done(status); });
  });
}

}  // namespace stele::api
