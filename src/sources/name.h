// The names under which the ledger knows sources, hosts and counters: bounded, and not altered by anything they pass through.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stele::sources {

// Bytes of the name of a source, a host or a counter.
inline constexpr std::size_t kNameBytesMax = 256;
// Bytes of the longest name that the ledger has: "<source>/<host>".
inline constexpr std::size_t kWholeNameBytesMax = 2 * kNameBytesMax + 1;

// The name for `text`, UTF-8 as entries have it. It is `text` itself, but for two things. U+FFFD is written "<ef><bf><bd>", for
// append_readable(), through which Stele's own entries go, alters it; what append_readable() made of a name leads to the same
// name. And what is longer than `bytes_max` is cut between two characters, with 16 digits of its SHA-256 behind an ellipsis. A
// name is its own name: what a finding says of a source is found again when it is read in the log. A view of `text` or `buffer`.
std::string_view ledger_name(std::string_view text, std::string& buffer, std::size_t bytes_max = kNameBytesMax);

}  // namespace stele::sources
