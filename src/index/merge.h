// Several index files become one.
#pragma once

#include <functional>
#include <span>

#include "base/result.h"
#include "index/image.h"
#include "index/index_file.h"

namespace stele::index {

// Writes the file for all chunks of `files`, which follow one another and have at most kChunksMax together. kCorrupt when one of
// them turns out to be damaged, kTooLarge when they are too large to be one, kUnavailable when `go_on`, which is called every few
// hundred microseconds, says no. What was written is then worth nothing.
Status merge(std::span<const IndexFile* const> files, ImageWriter& out, const std::function<bool()>& go_on);

}  // namespace stele::index
