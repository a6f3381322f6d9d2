// Delivery keys of sealed entries, beside their segments: what makes the delivery window quick to rebuild. Disposable.
#pragma once

#include <cstdint>
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

// Removes files whose entries are so far back that `keys_max` later ones are there.
Status remove_old_window_files(io::FileSystem& fs, const std::string& dir, std::uint64_t end_index, std::uint64_t keys_max);

}  // namespace stele::log
