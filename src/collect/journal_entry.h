// An entry of systemd's journal: its fields as they came, by whatever reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/json_tape.h"

namespace stele::collect {

struct JournalField {
  std::string_view name;
  std::string_view value;  // any bytes
};

// Whether it may name a field (systemd.journal-fields(7)): 1 to 64 of A-Z, 0-9 and _, no digit first.
bool is_journal_field_name(std::string_view name);

// Fields in the order in which they came; a name may stand several times, and is one that may name a field. Owns its bytes.
class JournalEntry {
 public:
  void clear() {
    bytes_.clear();
    spans_.clear();
  }
  // Bytes that belong to the entry, verbatim or not; fields lie in them.
  [[nodiscard]] std::string& bytes() { return bytes_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  // A field that lies in bytes() there.
  void mark(std::size_t name_at, std::size_t name_size, std::size_t value_at, std::size_t value_size);

  [[nodiscard]] std::size_t size() const { return spans_.size(); }
  // Views that live until bytes() changes.
  [[nodiscard]] JournalField field(std::size_t i) const;
  // The first value of that name; empty when there is none.
  [[nodiscard]] std::string_view find(std::string_view name) const;

 private:
  struct Span {
    std::uint32_t name_at;
    std::uint32_t name_size;
    std::uint32_t value_at;
    std::uint32_t value_size;
  };
  std::string bytes_;
  std::vector<Span> spans_;
};

// Reads an object as `journalctl -o json` writes it (systemd's "Journal JSON Format"): a value is a string, an array of numbers
// where it is no UTF-8, an array of such values where its name stands several times, null where it was too large to be
// written. What is null, or under a name that is none, is left out. kInvalid when it is something else. `entry` is written anew.
Status read_journal_json(const event::JsonTape& tape, JournalEntry& entry);

}  // namespace stele::collect
