// The agent's buffer on disk: what was read and the server does not have yet, and where to go on reading. Both are durable
// together (docs/formats/spool.md), so that after a crash nothing is lost and nothing read twice.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/record.h"
#include "agent/spool_format.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"

namespace stele::agent {

struct SpoolOptions {
  std::string dir;
  std::string host;
  std::uint64_t bytes_max = 1U << 30;  // from here on it has no room; at least 1 MiB
};

// Lines as they are sent, in order; where damage took some, their numbers are left out.
struct SpoolBatch {
  struct Line {
    std::uint64_t seq = 0;
    std::size_t at = 0;  // in `text`
  };
  std::string text;
  std::vector<Line> lines;

  // Line `i`, its end included.
  [[nodiscard]] std::string_view line(std::size_t i) const;
  // Lines [from, from + count).
  [[nodiscard]] std::string_view part(std::size_t from, std::size_t count) const;
};

// One thread appends, another reads and acknowledges.
class Spool {
 public:
  // Creates it when there is none: a new sequence begins. kBusy when another process has it; kCorrupt when nothing in it tells
  // what it was. `notes` gets a sentence for each damage that was met and gone around.
  static Result<std::unique_ptr<Spool>> open(io::FileSystem& fs, Random& random, SpoolOptions options,
                                             std::vector<std::string>& notes);

  [[nodiscard]] const Sequence& sequence() const { return sequence_; }
  // False while more waits than it may hold. What is appended all the same is taken.
  [[nodiscard]] bool has_room() const;
  // A batch should not be longer.
  [[nodiscard]] std::uint64_t batch_bytes_max() const;

  // For the thread that appends:
  // Where the streams were when what was appended last had been read.
  [[nodiscard]] const Positions& positions() const { return positions_; }
  [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }
  // `lines` are records next_seq() and following, `changed` the positions that are different after them. On success all of it is
  // durable. On failure nothing is, as far as anybody sees: the same call again may succeed, and must be the next one.
  Status append(std::uint32_t count, std::string_view lines, const Positions& changed);

  // For the thread that sends:
  // True once something waits; false after `millis` or wake().
  bool wait(std::int64_t millis);
  void wake();
  // The first lines that wait, at most so many and so long, but one at least. Empty when none does.
  Result<SpoolBatch> read(std::size_t lines_max, std::size_t bytes_max);
  // The server has everything up to this number. Files that it has are deleted. What fails here is only repeated work.
  Status acknowledge(std::uint64_t seq);

  struct Waiting {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;  // on disk
  };
  [[nodiscard]] Waiting waiting() const;

 private:
  struct FileInfo {
    std::uint64_t number = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t end_seq = 0;  // one more than its last that counts
    std::uint64_t bytes = 0;    // that are durable
    bool damaged = false;
  };
  struct Recovered;

  Spool(io::FileSystem& fs, SpoolOptions options) : fs_(fs), options_(std::move(options)) {}
  Status recover(Random& random, std::vector<std::string>& notes);
  Status recover_file(std::uint64_t number, Recovered& state, std::vector<std::string>& notes);
  Status begin_sequence(Random& random);
  Status write_again(std::uint64_t number, std::uint64_t offset, std::string_view frame);
  void keep_reserve();
  bool use_reserve();
  void set_sequence(std::uint64_t id);
  void read_acknowledged();
  [[nodiscard]] std::string path_of(std::uint64_t number) const;
  Status begin_file(std::uint64_t first_seq, std::uint32_t count, std::string_view lines, const Positions& positions);
  Status append_frame(std::uint32_t count, std::string_view lines, const Positions& changed);
  void take_in(std::uint64_t first_seq, std::uint32_t count, std::uint64_t bytes);
  Status write_acknowledged(std::uint64_t seq);
  void delete_acknowledged();
  [[nodiscard]] std::uint64_t file_bytes_max() const { return std::min<std::uint64_t>(16U << 20, options_.bytes_max / 8); }
  [[nodiscard]] std::uint64_t bytes_held() const;

  io::FileSystem& fs_;
  const SpoolOptions options_;
  std::unique_ptr<io::Lock> lock_;
  std::uint64_t sequence_id_ = 0;
  Sequence sequence_;

  // Of the appending thread:
  Positions positions_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t next_number_ = 1;
  std::unique_ptr<io::File> file_;  // null when the next batch begins a new one

  mutable std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<FileInfo> files_;      // in order; the last one is written to
  std::uint64_t acknowledged_ = 0;  // number of the last one that the server has
  std::uint64_t end_seq_ = 1;       // one more than the last durable one
  bool woken_ = false;

  // Of the sending thread, and of deleting:
  std::mutex reading_mutex_;  // before mutex_
  struct Cursor {
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
  };
  Status read_frames(const FileInfo& info, std::uint64_t after, std::size_t lines_max, std::size_t bytes_max, SpoolBatch& out);
  Cursor cursor_;
  std::unique_ptr<io::File> reading_;
  std::uint64_t reading_number_ = 0;
  std::unique_ptr<io::File> acknowledged_file_;
  std::uint64_t acknowledged_writes_ = 0;
};

}  // namespace stele::agent
