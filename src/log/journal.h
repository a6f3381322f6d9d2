// The journal: frames one after another in recycled files, and what is found in them after a crash.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file.h"
#include "keyring/keyring.h"
#include "log/frame.h"

namespace stele::log {

// A whole frame as it stands in a journal file.
struct FoundFrame {
  FrameHeader header;
  Hash digest{};
  std::string payload;  // not encrypted
  std::string file;
  std::uint64_t offset = 0;
};

// What a scan of the journal makes of it.
struct JournalScan {
  std::vector<FoundFrame> chain;    // from the first frame that is needed, in order; the last may be unacknowledged
  std::uint64_t epoch_max = 0;      // the highest epoch of any frame header seen, valid or not
  std::vector<std::string> damage;  // sentences; not empty: stop
  // Files with a frame whose entries the last one has too, or with one of the last commit or the one before, of any epoch. Any
  // but one of them may be nowhere but in the page cache: none is to be written before the last frame is durable once more.
  std::vector<std::string> held;
  bool has_plain = false;        // a frame that is not encrypted stands anywhere, needed or not
  std::uint64_t bytes = 0;       // of all journal files
  std::uint64_t free_bytes = 0;  // of it, space that holds no needed frame: recycled or never written
};

// Reads every journal file in `dir` and links the frames that hold entries from `sealed` on, and the frame before if
// it is the last of all. Read-only. A bad frame at the end is dropped as never acknowledged; a bad frame that a later
// one follows is damage. kDenied when a frame that is needed is encrypted under a key that is not in the ring, or there is none.
Result<JournalScan> scan_journal(io::FileSystem& fs, const std::string& dir, const LogId& log_id, std::uint64_t sealed,
                                 const keyring::Keyring* ring);

// A journal file and its size, a multiple of kFrameAlignment.
struct JournalFile {
  std::string name;
  std::uint64_t bytes = 0;
};

// Appends frames. One thread at a time. Any failure leaves the journal unusable: the log must be opened anew.
class Journal {
 public:
  struct Limits {
    std::uint64_t first_file_bytes = 1U << 20;
    std::uint64_t file_bytes_max = 16U << 20;
  };

  // `kept` are the files that hold frames still needed, with the end index of their last such frame. `held` are left
  // alone until let_go(), and so are those of less than a first file's size. The others in `dir` are free for reuse.
  static Result<std::unique_ptr<Journal>> open(io::FileSystem& fs, std::string dir, Limits limits,
                                               std::map<std::string, std::uint64_t> kept,
                                               const std::vector<std::string>& held = {});

  // Removes the files that were held and are not kept: what they repeat is durable elsewhere, or they are of no use.
  Status let_go();

  // Removes the files that hold nothing needed, instead of using them again.
  Status remove_free();

  // Writes the frame and syncs it: on success it is durable.
  Status append(const FrameHeaderBytes& header, std::span<const ByteSpan> payload, std::uint64_t payload_bytes,
                std::uint64_t end_index);

  // A file that will be wanted soon, for make_file(); nothing while there is enough, or after the same was asked before and
  // no other file was begun since.
  [[nodiscard]] std::optional<JournalFile> next_file();
  // Creates the file with zeros in it, durably, next to a journal that goes on: creating takes as long as many commits, which
  // wait for the same disk unless it is spread out. On failure nothing is left of it.
  enum class Haste : std::uint8_t { kNow, kSpread };
  static Status make_file(io::FileSystem& fs, const std::string& dir, const JournalFile& file, Haste haste);
  // Takes what make_file() made.
  void add_file(JournalFile file) { free_.push_back(std::move(file)); }

  // Frees the files in which every frame ends at or before `sealed`; the current file is never freed.
  void release(std::uint64_t sealed);

  // For a clean stop: removes the free files and cuts the current one behind its last frame. No append may follow.
  Status cut();

 private:
  Journal(io::FileSystem& fs, std::string dir, Limits limits) : fs_(fs), dir_(std::move(dir)), limits_(limits) {}
  Status use_file_for(std::uint64_t extent);
  [[nodiscard]] JournalFile new_file(std::uint64_t bytes_least);

  io::FileSystem& fs_;
  std::string dir_;
  Limits limits_;
  std::unique_ptr<io::File> file_;
  std::string name_;
  std::uint64_t at_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t next_file_bytes_ = 0;
  std::map<std::string, std::uint64_t> used_;  // file → end index of its last frame
  std::vector<JournalFile> free_;
  bool asked_ = false;  // for the next file
  std::vector<std::string> held_;
};

}  // namespace stele::log
