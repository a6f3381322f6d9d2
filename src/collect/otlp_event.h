// An OpenTelemetry log record as an event. Of this room alone.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "collect/otlp_request.h"
#include "normalise/draft.h"
#include "normalise/record.h"

namespace stele::collect {

// Fills both, which are empty; the record borrows from `from`. By the names of the semantic conventions:
//
//   id          HMAC-SHA-256 of resource, scope and record under a secret, when the record has a time or a log.record.uid: a
//               request that is repeated is recognised, and whoever sees the id cannot try what a sealed value may have been
//   time        time_unix_nano; else observed_time_unix_nano, else `received`, concluded
//   actor       user.id, enduser.id, user.name (with user.email): a user; else service.name: a service; else the process
//   action      event_name, event.name, else "otel.log"
//   outcome     event.outcome where it is one of ours
//   origin      client.address, source.address; user_agent.original
//   context     session.id, the trace id
//   severity    by the number (Logs data model, appendix B)
//   message     the body where it is text
//   attributes  the record's, each under its own name; "otel" has resource, scope, a body that is no text, and the rest
//
// To rules it is a line: message, app (service.name), host (host.name), and every attribute by its name.
struct OtlpId {
  const Hash& secret;
  std::uint64_t ordinal = 0;  // tells apart those of one request that are alike in every byte
};
void otlp_event(const OtlpRecord& from, UnixNanos received, const OtlpId& made_of, normalise::Draft& draft,
                normalise::Record& record);

}  // namespace stele::collect
