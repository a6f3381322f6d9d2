// Lines of a stream, for the cutters that begin with lines.
#pragma once

#include <string_view>
#include <utility>

#include "records/cutter.h"
#include "records/window.h"

namespace stele::records {

class LineSplitter {
 public:
  LineSplitter(std::uint64_t offset, std::size_t line_bytes_max) : window_(offset, line_bytes_max) {}

  // Calls f(Record&&) for each line that is complete and not blank; its position is the offset after its end.
  template <typename F>
  void feed(std::string_view bytes, F&& f) {
    window_.append(bytes);
    if (!pass_mark(false)) return;
    for (std::size_t end = window_.find_line_end(at_); end != std::string::npos; end = window_.find_line_end(at_)) {
      take(end, end + 1, f);
      at_ = end + 1;
    }
    at_ = window_.compact(window_.size());
  }
  // The last line needs no end.
  template <typename F>
  void end(F&& f) {
    (void)pass_mark(true);
    take(window_.size(), window_.size(), f);
  }

 private:
  bool pass_mark(bool ended) {
    if (begun_) return true;
    const std::size_t mark = window_.mark(ended);
    if (mark == std::string::npos) return false;
    begun_ = true;
    at_ = mark;
    window_.begin_at(mark);
    return true;
  }
  template <typename F>
  void take(std::size_t end, std::size_t next, F&& f) {
    Record line;
    const bool there = window_.cut(end, line);
    line.after.offset = window_.offset_of(next);
    window_.begin_at(next);
    if (there) f(std::move(line));
  }

  Window window_;
  std::size_t at_ = 0;  // everything before it was looked at
  bool begun_ = false;
};

}  // namespace stele::records
