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

// The inverse: appends `count` entries in bundle encoding to `bundle`, byte for byte as they were.
// kCorrupt when heads and body are not what split_entries makes.
Status join_entries(std::string_view heads, std::string_view body, std::uint32_t count, std::string& bundle);

}  // namespace stele::log
