// A syslog message as Stele's event: what the sender claims, and which of it Stele concluded.
#pragma once

#include <deque>
#include <string>

#include "base/clock.h"
#include "collect/syslog_message.h"
#include "normalise/ruleset.h"

namespace stele::collect {

// The members `event` and `derived` of an entry, as JSON texts without white space.
struct Normalised {
  std::string event;
  std::string derived;
  std::string id;  // the event's, unescaped; empty when it has none
  bool unattributed = false;
};

// Writes `message`, which was received at `received`, into `out`, whose capacity is used again: what its header says, and what
// the first of `rules` that fits concludes of its text in place of that (docs/formats/normaliser.md). Cannot fail: whatever
// bytes the message has, both texts are I-JSON: UTF-8, no lone surrogates, no key twice in one object.
//
// event without a rule, in this order:
//   id, seq     the parameters of that name of an element "stele@…" in the structured data; else seq is meta's sequenceId, and
//               context is {"sequence":"host"}
//   time        the sender's RFC 3339 lexeme; else its time as format_time writes it; else `received`
//   actor       {"type":"process","id":"app[pid]@host","name":"app"}, absent parts left out ("[pid]@host", "@host", "app");
//               with neither app nor host the id is "unknown" and `derived` has "unattributed":true
//   action      "syslog.message"
//   category    "authentication" (facilities auth, authpriv), "security_event" (audit), else "system_activity"
//   outcome     "unknown"
//   severity    debug, info, notice, warning, error, critical, alert or emergency
//   message     left out if empty
//   attributes  left out if empty; those present of facility, host, app, pid, msgid, timestamp (an RFC 5424 time that could not
//   be read) and
//               structured_data {"<SD-ID>":{"<name>":"<value>"}}
//
// derived: {"by":"syslog/rfc5424@1","fields":[…]} (rfc3164, free) names the members that were concluded rather than claimed:
// always actor, action, category and outcome; time if its year, its zone or all of it is ours; severity without a PRI.
//
// A value that is not UTF-8 is written as {"$base64":"…"}. In keys and in the actor, which are always text, each byte that is
// not part of well-formed UTF-8 becomes U+FFFD and "<xx>", and so does U+FFFD itself, byte by byte, so that no two different
// keys meet; a part of the actor that would then be longer than 255 bytes ends in "…". An SD-ID or a parameter name that
// repeats has an array of its values, in the order sent, at its first place. An object whose only key starts with "$" is
// wrapped as {"$literal":{…}}.
void syslog_event(const SyslogMessage& message, UnixNanos received, const normalise::Ruleset& rules, Normalised& out);

// What comes before the rules: fills a draft and a record, both empty but for an id, which goes after one that the message
// has. The record borrows from the message and from `names`.
void begin_syslog_event(const SyslogMessage& message, UnixNanos received, normalise::Draft& draft, normalise::Record& record,
                        std::deque<std::string>& names);

}  // namespace stele::collect
