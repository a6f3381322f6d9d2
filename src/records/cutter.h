// Cuts a stream of bytes into records (docs/formats/records.md). No I/O, no clock: the caller feeds bytes and says what time
// it is, and may go on later, in another process, from the position that came with any record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stele::records {

inline constexpr std::size_t kRecordBytesMax = 1U << 20;

// Where to go on in a stream: feed it from `offset` on to a cutter that was made with this position. What `state` means
// only the cutter knows; 0 is the start of anything.
struct Position {
  std::uint64_t offset = 0;
  std::uint64_t state = 0;
  bool operator==(const Position&) const = default;
};

struct Record {
  std::string bytes;         // without its line end; its first kRecordBytesMax bytes where it is longer
  std::uint64_t length = 0;  // bytes that it has in the stream; more than in `bytes` where it was cut off
  std::uint64_t begin = 0;   // where in the stream it stands
  Position after;            // where to go on once this record and all before it are safe
  bool operator==(const Record&) const = default;
};

struct CutLimits {
  std::size_t record_bytes_max = kRecordBytesMax;
  // Of audit events, which may wait for further lines:
  std::size_t open_max = 1024;           // at once
  std::uint64_t reach_bytes = 1U << 20;  // of the stream, after which nothing more of an event is expected
};

// The records, their positions too, depend on the bytes and times alone, not on how they were divided into calls. Memory: a
// record, and what open audit events have. For one thread at a time.
class RecordCutter {
 public:
  virtual ~RecordCutter() = default;

  // Takes the next bytes of the stream, perhaps none, and appends the records that are complete to `out`. `now` counts
  // nanoseconds and never goes back; who always says 0 lets nothing end by waiting.
  virtual void feed(std::string_view bytes, std::int64_t now, std::vector<Record>& out) = 0;
  // The stream has ended: what was begun is a record too. Nothing is fed afterwards.
  virtual void end(std::vector<Record>& out) = 0;
};

// One line, ended by LF or CR LF, a record; blank ones are passed over. A byte order mark at the start of a stream is no part
// of it, for this and the others.
std::unique_ptr<RecordCutter> make_line_cutter(Position from = {}, CutLimits limits = {});

// CSV as PostgreSQL writes it: a field in quotes may hold line ends. A record whose quotes make no sense, as one that a crash
// cut off, ends with its first line, so that it takes no others along. Lines that it seemed to have besides, up to the one that
// shows it, are records.
std::unique_ptr<RecordCutter> make_csv_cutter(Position from = {}, CutLimits limits = {});

// JSON documents: one after the other, on a line or over many; the elements of an array; or, with a `list`, the elements of
// the array that an object has as its member of that name. What is no JSON is cut as lines.
std::unique_ptr<RecordCutter> make_document_cutter(std::string_view list, Position from = {}, CutLimits limits = {});

// Audit events: lines of the same node, time and serial, joined by LF, in the order in which they came. An event ends
// - with a line of type EOE, which is left out, or PROCTITLE, which the kernel writes last;
// - with a line of a type that stands alone;
// - when a line of the same node is more than two seconds younger, or two seconds have passed since its last one;
// - when `reach_bytes` of the stream came after its last line, or too many events are open.
// A line that is none of auditd's is a record of its own.
std::unique_ptr<RecordCutter> make_audit_cutter(Position from = {}, CutLimits limits = {});

// The cutter for a format of docs/formats/records.md; null for one that is not known here.
std::unique_ptr<RecordCutter> make_cutter(std::string_view format, Position from = {});

}  // namespace stele::records
