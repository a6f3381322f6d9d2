// What the coverage of sources wants to know of an entry: who sent it, which number it has, what kind of thing it says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace stele::sources {

// Counts up from here are categories of event::categories(), in that order.
inline constexpr std::uint8_t kNoCategory = 0xff;

struct Sighting {
  UnixNanos received = 0;
  std::string_view source;  // source.id, unescaped
  std::string_view kind;
  std::optional<UnixNanos> time;  // event.time, unless it was concluded
  std::optional<std::uint64_t> seq;
  std::string_view sequence;  // event.context.sequence
  std::string_view host;      // event.attributes.host
  std::string_view reason;    // event.attributes.reason
  std::string_view actor_type;
  std::string_view actor;  // its id
  std::string_view action;
  std::uint8_t category = kNoCategory;
  bool has_origin = false;
  bool unattributed = false;
  bool by_quarantine = false;  // its action is what Stele made of what it did not understand
  std::uint64_t redacted = 0;

  // Written by Stele itself: its source is {"id":"stele","kind":"internal"}.
  [[nodiscard]] bool is_own() const { return kind == "internal" && source == "stele"; }
  // Kept without being understood. A source may claim the action; it cannot claim who concluded it.
  [[nodiscard]] bool is_quarantined() const { return by_quarantine && action == "stele.quarantined" && !is_own(); }
};

// Reads entries one after another, at the pace of ingest. It skips what it does not look for: that an entry is right is not
// checked here. Keeps its buffers. Not thread-safe.
class SightingReader {
 public:
  SightingReader();
  ~SightingReader();
  SightingReader(const SightingReader&) = delete;
  SightingReader& operator=(const SightingReader&) = delete;

  // Views are valid until the next call. kCorrupt when what is looked at has another form than an entry's.
  Result<Sighting> read(std::string_view entry);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace stele::sources
