// An entry of the journal as the JSON object that `journalctl -o json --all` writes of it (systemd's "Journal JSON Format").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stele::agent {

struct JournalEntry {
  std::string cursor;
  std::uint64_t realtime_usec = 0;
  std::uint64_t monotonic_usec = 0;
  std::string boot_id;                                      // 32 hexadecimal digits
  std::vector<std::pair<std::string, std::string>> fields;  // of any bytes, in their order
};

// A value that is no UTF-8 is an array of numbers; one whose name stands several times an array of values.
std::string journal_json(const JournalEntry& entry);

// How many entries came between two cursors of one journal's writer; nothing when they are not of one.
std::optional<std::uint64_t> entries_between(std::string_view before, std::string_view after);

}  // namespace stele::agent
