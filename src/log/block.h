// A block: a few entries with their heads taken apart, so that what is random is not squeezed and what repeats is
// (docs/formats/segment.md). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::log {

// Splits entries into the random parts of their ids (`heads`: 10 bytes an entry) and the rest (`body`), which
// compresses well. Appends to both. An entry whose head is not in the usual form is kept whole in the body.
void split_entries(std::span<const std::string_view> entries, std::string& heads, std::string& body);

// Places in a block: [begin, end).
struct BlockRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// The inverse: of a block of `count` entries appends those at `wanted` in bundle encoding to `bundle`, byte for byte as
// they were. kCorrupt when heads and body are not what split_entries makes, also where nothing of it is wanted.
Status join_entries(std::string_view heads, std::string_view body, std::uint32_t count, BlockRange wanted, std::string& bundle);

}  // namespace stele::log
