// The sealed segments of a log: which there are, the lately used ones open.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "log/segment.h"

namespace stele::log {

// Thread-safe.
class SegmentSet {
 public:
  // Lists `dir`. Segments follow one another from entry 0 on; where a merged one covers smaller ones the larger is
  // taken and the smaller are left over. kCorrupt when one is missing between others.
  static Result<std::unique_ptr<SegmentSet>> open(io::FileSystem& fs, std::string dir, const LogId& log_id);

  // Makes durable that the segments are there, and removes what a crash left over: covered segments and unfinished
  // files. Not for read-only use.
  Status remove_leftovers();

  [[nodiscard]] std::uint64_t end_index() const;
  [[nodiscard]] std::vector<SegmentName> list() const;
  // The segment that begins at entry `first_index`, where one does.
  [[nodiscard]] SegmentName at(std::uint64_t first_index) const;

  // Makes `file` durable as the segment [first, first + count). It follows the last, or covers a run of present ones,
  // which are removed.
  Status add(std::uint64_t first_index, std::uint32_t count, std::string_view file);

  // The segment that holds entry `index`.
  [[nodiscard]] Result<std::shared_ptr<const SegmentReader>> find(std::uint64_t index) const;

  [[nodiscard]] std::string path(const SegmentName& segment) const;

 private:
  static constexpr std::size_t kOpenMax = 64;
  SegmentSet(io::FileSystem& fs, std::string dir, const LogId& log_id) : fs_(fs), dir_(std::move(dir)), log_id_(log_id) {}

  io::FileSystem& fs_;
  std::string dir_;
  LogId log_id_;
  std::vector<std::string> leftovers_;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, SegmentName> segments_;                 // by first index
  mutable std::list<std::shared_ptr<const SegmentReader>> open_;  // lately used first
};

}  // namespace stele::log
