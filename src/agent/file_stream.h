// Follows the files that a path or a pattern names, through every way in which they are rotated.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/file_names.h"
#include "agent/followed_file.h"
#include "agent/stream.h"

namespace stele::agent {

struct FileOptions {
  std::string pattern;              // glob(7)
  std::string format;               // of docs/formats/records.md
  bool from_end = false;            // of what is there when it is found for the first time, only what follows
  bool optional = false;            // a path that is not there is not worth a word
  std::vector<std::string> except;  // what these patterns match belongs to other streams
};

// A name's trail are the files that had it, the oldest first: each is read to its end before the next one is begun.
// - Renamed and created anew: the old file goes on being read through its descriptor. One that was rotated while nobody looked is
//   found by device and inode, and so are the generations in between. Where the device has another number than it had, as file
//   systems get after a start of the machine, by its first bytes.
// - Copied and truncated: the rest is read from the copy, which is known by its first bytes.
// - What cannot be found any more is told as an event, with the bytes that were read of it.
class FileStream final : public Stream {
 public:
  // Takes those of `positions` that are about its files.
  FileStream(FileOptions options, const Positions& positions);
  ~FileStream() override;

  void watch(std::vector<pollfd>& out) const override;
  bool collect(Batch& batch, std::int64_t now) override;
  void describe(std::vector<StreamState>& out) const override;

 private:
  struct Trail {
    std::vector<FilePosition> known;  // from the spool, until they are looked for
    bool had_position = false;        // it was followed before
    std::vector<std::unique_ptr<FollowedFile>> files;
    bool has_current = false;  // the last one has the name
    std::string problem;       // why it cannot be read
  };

  // When those were written last that came after a file: of one before `certain`, which may be when somebody wrote into that
  // file after it was rotated, it may be a copy of a file that is being read.
  struct Since {
    std::int64_t possible = 0;
    std::int64_t certain = 0;
    static Since at(std::int64_t time) { return {time, time}; }
  };

  void scan(Batch& batch, std::int64_t now);
  void scan_path(const std::string& path, bool first, Batch& batch, std::int64_t now);
  void take_up(const std::string& path, Trail& trail, Batch& batch, std::int64_t now);
  static std::string find_moved(const std::string& path, const FilePosition& position, const std::set<FileIdentity>& taken);
  static void forget_lost(const std::string& path, const FilePosition& position, Batch& batch);
  void take_between(const std::string& path, Trail& trail, Since since, Batch& batch, std::int64_t now);
  void take_before_current(const std::string& path, Trail& trail, std::int64_t since, Batch& batch, std::int64_t now);
  void add(const std::string& path, Trail& trail, Descriptor fd, FilePosition position, Batch& batch);
  void replaced(const std::string& path, Trail& trail, std::size_t at, Batch& batch, std::int64_t now);
  bool collect_trail(const std::string& path, Trail& trail, Batch& batch, std::int64_t now);
  void drop_finished(Trail& trail, Batch& batch, std::int64_t now);
  void set_problem(const std::string& path, Trail& trail, int error, Batch& batch);
  void watch_directories();
  bool drain_events();
  [[nodiscard]] bool is_known(const FileIdentity& file, int fd) const;

  FileOptions options_;
  std::map<std::string, Trail> trails_;
  std::map<FileIdentity, FilePosition> done_;  // files read to their end that still have a name
  std::set<FileIdentity> finished_;            // of those that are open: what was begun was taken
  int inotify_ = -1;
  std::set<std::string> watched_;
  std::int64_t next_scan_ = 0;
  std::string next_trail_;  // goes first, so that a busy file leaves the others their turn
  bool scanned_ = false;
};

}  // namespace stele::agent
