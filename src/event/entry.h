// The entry: one JSON object whose bytes are the leaf (docs/formats/entry.md). Building, stamping and reading it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "event/apart_value.h"

namespace stele::event {

// An entry's length is a big-endian uint16 in its bundle (C2SP tlog-tiles).
inline constexpr std::size_t kEntryBytesMax = 65'535;

// Fixed places in every entry: {"stele":1,"id":"<36>","received":"<30>",
inline constexpr std::size_t kIdAt = 17;
inline constexpr std::size_t kIdWidth = 36;
inline constexpr std::size_t kReceivedAt = 67;
inline constexpr std::size_t kHeadBytes = 99;  // up to and with the comma after `received`

// By which door, from whom: attested by the server. `kind` and `peer` as docs/formats/entry.md lists them.
struct Source {
  std::string id;
  std::string kind;
  std::string peer;      // left out when empty
  std::string identity;  // left out when empty
};

// The `source` member's value. All parts must be UTF-8.
std::string source_json(const Source& source);

// Entries on their way into the log, in the encoding of a bundle: uint16 length, bytes. What an entry says is fixed
// by add(); its id and time of receipt are stamped once its place is known. One writer at a time.
class EntryBatch {
 public:
  // All entries of a batch have one source.
  explicit EntryBatch(const Source& source) : EntryBatch(source.id, event::source_json(source)) {}
  EntryBatch(std::string source_id, std::string source_json)
      : source_id_(std::move(source_id)), source_json_(std::move(source_json)) {}

  // Makes room for `count` entries whose events have `event_bytes` together.
  void reserve(std::size_t count, std::size_t event_bytes);

  // Appends an entry. `event` is the JSON text of the event; `derived` and `original` are JSON texts or empty;
  // `event_id` is the source's id, unescaped, or empty. kTooLarge when the entry would have more than kEntryBytesMax
  // bytes; the batch is then unchanged.
  Status add(std::string_view event, std::string_view derived, std::string_view original, std::string_view event_id);

  // Values that the entry added last has commitments of; they are to be durable before it.
  void keep_apart(std::vector<ApartValue> values);

  [[nodiscard]] std::size_t count() const { return ends_.size(); }
  [[nodiscard]] const std::string& source_id() const { return source_id_; }
  [[nodiscard]] std::string_view entry(std::size_t i) const;
  [[nodiscard]] std::string_view event_id(std::size_t i) const;
  [[nodiscard]] bool has_event_ids() const { return !ids_.empty(); }
  // The concatenated bundle encoding.
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  // Writes id and received into every entry: UUIDv7 of the time, its 74 random bits from `random`.
  void stamp(UnixNanos received, Random& random);

  // Removes the entries for which keep[i] is false. What they kept apart is to be taken away before.
  void retain(const std::vector<bool>& keep);

  // How many bytes are kept apart.
  [[nodiscard]] std::uint64_t apart_bytes() const;
  // Gives away what the entries keep apart that are not to be kept, each value with its entry, ascending; or what all do.
  [[nodiscard]] std::vector<std::pair<std::size_t, ApartValue>> take_apart_but(const std::vector<bool>& keep);
  [[nodiscard]] std::vector<ApartValue> take_apart();

  // Gives the bytes away; the batch is then empty.
  [[nodiscard]] std::string take_bytes() &&;

 private:
  std::string source_id_;
  std::string source_json_;
  std::string bytes_;
  std::vector<std::uint32_t> ends_;  // where each entry ends in bytes_
  std::string ids_;
  std::vector<std::uint32_t> id_ends_;                     // where each event id ends in ids_; empty as long as none came
  std::vector<std::pair<std::size_t, ApartValue>> apart_;  // by entry, ascending
};

// Calls f(entry) for each entry of a bundle encoding. kCorrupt when it does not end where an entry does.
template <typename F>
Status for_each_entry(std::string_view bundle, F&& f) {
  while (!bundle.empty()) {
    if (bundle.size() < 2) return corrupt("an entry's length is cut off");
    const std::size_t size = load_be16(bundle.data());
    if (bundle.size() < 2 + size) return corrupt("an entry is cut off");
    f(bundle.substr(2, size));
    bundle.remove_prefix(2 + size);
  }
  return {};
}

// What an entry says, read back. Views into the entry.
struct EntryView {
  std::string_view id;
  UnixNanos received = 0;
  std::string_view source;  // JSON texts; the last two are empty when absent
  std::string_view event;
  std::string_view derived;
  std::string_view original;
};

// Reads the envelope of an entry as this program writes it; kCorrupt when it has another form.
Result<EntryView> read_entry(std::string_view entry);

// `received` alone, from its fixed place.
std::optional<UnixNanos> read_received(std::string_view entry);

}  // namespace stele::event
