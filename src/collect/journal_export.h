// Cuts a stream in systemd's Journal Export Format (https://systemd.io/JOURNAL_EXPORT_FORMATS) into entries. No I/O.
//
//   entry        = 1*field LF
//   field        = name "=" text LF / name LF length data LF      ; text has no LF; length: 8 bytes, little-endian
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "collect/journal_entry.h"

namespace stele::collect {

struct JournalExportLimits {
  std::size_t entry_bytes_max = 1U << 20;
  std::size_t fields_max = 1024;                 // ENTRY_FIELD_COUNT_MAX of systemd
  std::uint64_t field_bytes_max = 768ULL << 20;  // DATA_SIZE_MAX of systemd; a longer one is taken for damage
};

struct JournalExportEntry {
  // bytes(): the entry as it came, without the empty line that ends it. A field under a name that may not be one is in there
  // alone.
  JournalEntry entry;
  // Why it is not taken as it is: "oversized" (bytes() is then its start, and fields end with it) or "too_many_fields". Empty
  // when it is.
  std::string_view fault;
  std::uint64_t length = 0;  // of all of it
};

// Holds at most one entry's bytes and what was pushed last. Once it failed it stays so.
class JournalExportReader {
 public:
  explicit JournalExportReader(JournalExportLimits limits = {}) : limits_(limits) {}

  // What follows. Everything pushed before must have been read: next() had nothing more.
  void push(std::string bytes);

  // The next whole entry; nothing until more is pushed. kInvalid where this is no longer the format, so that what follows
  // cannot be told apart: a line without "=" that is no name, a field that is too long or does not end with its line.
  Result<std::optional<JournalExportEntry>> next();

  // Whether what was read so far ends within an entry.
  [[nodiscard]] bool within_entry() const { return current_.length > 0; }

 private:
  enum class State { kLine, kLength, kData, kDataEnd };

  void keep(std::string_view bytes);
  void begin_line();
  void add_field(std::size_t value_at);
  std::optional<JournalExportEntry> read_line();
  void read_length();
  void read_data();
  void read_data_end();
  void fail(std::string message);

  JournalExportLimits limits_;
  State state_ = State::kLine;
  std::optional<Error> failure_;
  std::string input_;
  std::size_t at_ = 0;  // in input_
  JournalExportEntry current_;
  // Of the line that is being read, and the data behind it.
  std::size_t line_at_ = 0;  // where it begins in the entry's bytes, as far as these are kept
  std::uint64_t line_bytes_ = 0;
  std::string name_;  // what stands before the "=", as much of it as may be a name, and one byte more
  bool has_equals_ = false;
  std::string length_;
  std::uint64_t left_ = 0;  // of the data
  std::size_t value_at_ = 0;
};

}  // namespace stele::collect
