// A record as an agent takes it, and as it is sent (docs/formats/records.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stele::agent {

// Views live as long as the call that they are handed to. All texts but `bytes` are UTF-8.
struct CapturedRecord {
  std::string_view format;   // "line", "auditd", "journal", "event", …
  std::string_view stream;   // where it stood: a path, "journal"
  std::string_view bytes;    // the record, of any bytes; its start where it is longer
  std::uint64_t length = 0;  // bytes that it has where it stood
  std::string_view peer;     // who wrote it, a JSON object; empty where nobody knows
};

// What is the same for all records of a spool.
struct Sequence {
  std::string name;  // 16 hexadecimal digits
  std::string host;
};

// Appends the record as one line of NDJSON, its line end included. `seq` counts from 1; the id is "<sequence>-<seq>".
void append_record_line(std::string& out, const CapturedRecord& record, const Sequence& sequence, std::uint64_t seq);

}  // namespace stele::agent
