// Delivery keys of sealed entries, beside their segments: what makes the delivery window quick to rebuild. Disposable.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "log/delivery_window.h"

namespace stele::log {

struct WindowKey {
  KeyFingerprint key = 0;
  std::uint64_t index = 0;
};

// On success the file is durable. A failure leaves at worst one that does not tell.
Status write_window_file(io::FileSystem& fs, const std::string& dir, std::uint64_t first_index, std::uint32_t count,
                         std::span<const WindowKey> keys);

// The keys of entries [first, first + count); kNotFound or kCorrupt when the file does not tell.
Result<std::vector<WindowKey>> read_window_file(io::FileSystem& fs, const std::string& dir, std::uint64_t first_index,
                                                std::uint32_t count);

// Removes the files of segments that begin before entry `first_index`.
Status remove_window_files_before(io::FileSystem& fs, const std::string& dir, std::uint64_t first_index);

// How far back the delivery window reaches, in sealed segments: which of these files an open will want.
class WindowReach {
 public:
  WindowReach(UnixNanos span, std::uint64_t keys_max) : span_(span), keys_max_(keys_max) {}

  // The next segment: when its last entry was received, and how many of its entries have a key.
  void add(std::uint64_t first_index, UnixNanos received_last, std::uint64_t keys);

  // The first entry of the oldest segment that is wanted at `now`; 0 when none is known. Twice the span is kept, for a clock that
  // is set back.
  [[nodiscard]] std::uint64_t begin(UnixNanos now);

 private:
  struct Segment {
    std::uint64_t first_index = 0;
    UnixNanos received_last = 0;
    std::uint64_t keys = 0;
  };
  UnixNanos span_;
  std::uint64_t keys_max_;
  std::deque<Segment> segments_;
  std::uint64_t keys_ = 0;  // of all of them
};

}  // namespace stele::log
