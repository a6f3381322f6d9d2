// What Stele itself has to say, as an entry of a log: source {"id":"stele","kind":"internal"} (docs/formats/entry.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "event/entry.h"

namespace stele::event {

// The `source` of every entry that Stele writes: at kHeadBytes of the entry, and so found without parsing.
inline constexpr std::string_view kInternalSource = R"("source":{"id":"stele","kind":"internal"},)";

struct InternalEvent {
  struct Target {
    std::string type;  // neither is empty
    std::string id;
  };
  using Value = std::variant<std::string, std::uint64_t, bool>;

  UnixNanos time = 0;
  std::string_view actor_type = "process";  // who did it, where it was not Stele of its own accord
  std::string actor_id = "stele";
  std::string actor_name;                         // none when empty
  std::string origin_ip;                          // from where; none when empty
  std::string_view action;                        // "stele.disk.filling"
  std::string_view category = "system_activity";  // as event/schema.h lists them, like the next two
  std::string_view outcome = "success";
  std::string_view severity = "info";
  std::string message;                                    // one plain sentence
  std::vector<Target> targets;                            // the first is what it is about
  std::vector<std::pair<std::string, Value>> attributes;  // names are ours: not empty, none begins with '$', none twice
};

// The `event` member's bytes, Texts may be any bytes: what is not UTF-8 is made
// readable, and what is longer than 1,000 bytes (of a name or an id) or 4,096 (of the message or a value) is cut at an ellipsis.
std::string internal_event_json(const InternalEvent& event);

// Whether Stele itself wrote this entry: no source can make its own look so.
bool is_internal_entry(std::string_view entry);

// One such entry, to be submitted. kTooLarge when it would be over kEntryBytesMax.
Result<EntryBatch> internal_batch(const InternalEvent& event);

}  // namespace stele::event
