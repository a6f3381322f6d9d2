// What ties entries together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "query/term.h"

namespace stele::timeline {

struct Link {
  enum class Kind : std::uint8_t { kQuery, kActor, kPerson, kTarget, kSession, kRequest, kTrace, kIp, kBecame, kWho };
  Kind kind = Kind::kQuery;
  std::string value;   // exactly this; of kQuery its text, of kBecame and kWho the account
  std::string source;  // where not empty: in this source alone
  std::string host;    // likewise; of kBecame, kWho and of sessions that are counted
  std::string person;  // whose account it is: of kActor and kPerson
  std::string by;      // "sudo": of kBecame
  std::string terminal;
  // Events in [from, before).
  std::optional<UnixNanos> from;
  std::optional<UnixNanos> before;
  // The entry that it is of; nothing for what was asked for.
  std::optional<std::uint64_t> through;
};

// "actor", "person", …
std::string_view name_of(Link::Kind kind);

// What to search for; of kQuery the time alone.
query::Term term_of(const Link& link);

query::Term field_is(std::vector<std::string> paths, std::string value);
query::Term time_within(std::optional<UnixNanos> from, std::optional<UnixNanos> before);

// Whether two links are about the same, whenever and wherever it was met.
std::string key_of(const Link& link);

}  // namespace stele::timeline
