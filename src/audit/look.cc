#include "audit/look.h"

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace stele::audit {
namespace {

event::InternalEvent seen_event(const Look& look, UnixNanos now) {
  event::InternalEvent event = event_by(look.doer, look.kind.action, now);
  event.category = "data_access";
  event.targets = {{"log", look.log}};
  event.attributes = {{"path", look.path}};
  return event;
}

std::string whom(const Refusal& refusal, const std::string& prefix) {
  if (refusal.is_known()) return name_of(refusal.doer);
  return prefix.empty() ? "somebody unknown" : "somebody unknown of " + prefix;
}

// Strangers choose it.
std::string shortened(std::string text) {
  constexpr std::size_t kBytesMax = 200;
  if (text.size() <= kBytesMax) return text;
  text.resize(kBytesMax);
  return text + "…";
}

event::InternalEvent refused_event(const Refusal& refusal, UnixNanos now) {
  event::InternalEvent event = event_by(refusal.doer, "stele.access.refused", now);
  event.category = "security_event";
  event.outcome = "denied";
  event.severity = "warning";
  event.attributes = {{"method", shortened(refusal.method)}, {"path", shortened(refusal.path)}, {"why", shortened(refusal.why)}};
  return event;
}

std::string times(std::uint64_t count) { return count == 1 ? "once" : std::to_string(count) + " times"; }

}  // namespace

event::InternalEvent look_event(const Look& look, UnixNanos now) {
  event::InternalEvent event = seen_event(look, now);
  event.message = name_of(look.doer) + " " + std::string(look.kind.words) + " the log " + look.log +
                  (look.query.empty() ? "." : ": " + look.query);
  if (!look.query.empty()) event.attributes.emplace_back("query", look.query);
  // What is too long to stand there whole can be told by its hash.
  constexpr std::size_t kWhole = 4'000;
  if (look.query.size() > kWhole) {
    event.attributes.emplace_back("query_bytes", look.query.size());
    event.attributes.emplace_back("query_sha256", hex_encode(as_byte_span(crypto::sha256(as_byte_span(look.query)))));
  }
  if (!look.parameters.empty()) event.attributes.emplace_back("parameters", look.parameters);
  return event;
}

event::InternalEvent looks_event(const Look& look, std::uint64_t count, UnixNanos since, UnixNanos now) {
  event::InternalEvent event = seen_event(look, now);
  event.message = name_of(look.doer) + " " + std::string(look.kind.words) + " the log " + look.log + " " + times(count) +
                  " more since " + format_time(since) + ".";
  event.attributes.emplace_back("count", count);
  event.attributes.emplace_back("since", format_time(since));
  return event;
}

event::InternalEvent refusal_event(const Refusal& refusal, UnixNanos now) {
  event::InternalEvent event = refused_event(refusal, now);
  event.message = whom(refusal, refusal.doer.address) + " was refused " + shortened(refusal.method) + " " +
                  shortened(refusal.path) + ": " + shortened(refusal.why);
  return event;
}

event::InternalEvent refusals_event(const Refusal& last, const std::string& prefix, std::uint64_t count, UnixNanos since,
                                    UnixNanos now) {
  event::InternalEvent event = refused_event(last, now);
  event.message = whom(last, prefix) + " was refused " + times(count) + " more since " + format_time(since) + ", the last time " +
                  shortened(last.method) + " " + shortened(last.path) + ".";
  if (!prefix.empty()) event.attributes.emplace_back("prefix", prefix);
  event.attributes.emplace_back("count", count);
  event.attributes.emplace_back("since", format_time(since));
  return event;
}

}  // namespace stele::audit
