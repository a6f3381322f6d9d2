// The bytes of a stream that belong to no record yet, for cutters that look at each of them once or twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "records/cutter.h"

namespace stele::records {

// Places count from the start of what is held. Of a record that is too long only the start is held.
class Window {
 public:
  Window(std::uint64_t offset, std::size_t record_bytes_max) : offset_(offset), max_(record_bytes_max) {}

  void append(std::string_view bytes) { held_ += bytes; }
  [[nodiscard]] std::size_t size() const { return held_.size(); }
  [[nodiscard]] char operator[](std::size_t at) const { return held_[at]; }
  [[nodiscard]] std::string_view text(std::size_t from, std::size_t to) const {
    return std::string_view(held_).substr(from, to - from);
  }

  // Where the next LF is, from `at` on; npos when there is none.
  [[nodiscard]] std::size_t find_line_end(std::size_t at) const { return held_.find('\n', at); }

  // The record begins here; what stands before is done with.
  void begin_at(std::size_t at) {
    begin_ = at;
    offset_ += skipped_;
    skipped_ = 0;
  }
  [[nodiscard]] std::size_t begin() const { return begin_; }
  // Whether the record, up to `at`, is longer than one may be. As long as it is not, all of it is held.
  [[nodiscard]] bool too_long(std::size_t at) const { return at - begin_ + skipped_ > max_; }
  // Where in the stream a place after the record's begin is.
  [[nodiscard]] std::uint64_t offset_of(std::size_t at) const { return offset_ + at + skipped_; }

  // The record from its begin to `to`, without a CR at its end. False when it is blank.
  bool cut(std::size_t to, Record& out) const;

  // Lets go of what is done with, and of the record's bytes from its limit up to `at`. Returns the new place of `at`. To be
  // called once all that is held was looked at.
  std::size_t compact(std::size_t at);

  // A byte order mark at the start of the stream: how many bytes to pass over, or npos while that is not known.
  [[nodiscard]] std::size_t mark(bool ended) const;

 private:
  std::string held_;
  std::uint64_t offset_;  // of held_[0], as long as nothing is skipped
  std::size_t max_;
  std::size_t begin_ = 0;
  std::uint64_t skipped_ = 0;  // of the record, behind its first max_ bytes
};

}  // namespace stele::records
