// Who handed a record on, and what he says of it beside the record itself (docs/formats/records.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "normalise/draft.h"

namespace stele::collect {

// Texts are UTF-8; an empty one says nothing.
struct Sender {
  std::string id;                    // the record's own, at most 1,024 bytes
  std::optional<std::uint64_t> seq;  // his running number
  std::string sequence;              // which run that counts in
  std::string stream;                // where the record stood
  std::string host;                  // on which machine
  std::string peer;                  // who wrote it: a JSON object, its reserved objects escaped
  std::string peer_actor;            // that as an actor: a JSON object
};

// Adds to an event that is otherwise complete: number and sequence, which go before what a rule made of the record, and
// stream, host and peer, unless there are attributes of that name. The peer is the actor of what nobody else is.
void complete(normalise::Draft& draft, const Sender& sender);

// The same, but for the actor, for an event that is written without a draft: `"id":…,"seq":…,` to stand before its other members,
// and `,"stream":…,"host":…,"peer":…` behind other attributes.
void append_identity(std::string& out, const Sender& sender);
void append_circumstances(std::string& out, const Sender& sender);

}  // namespace stele::collect
