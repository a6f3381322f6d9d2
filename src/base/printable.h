// Text for people: nothing that came from outside reaches a terminal as it came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stele {

// `text` with what could steer or deceive a terminal written as JSON writes it (\u001b): control characters, line and
// paragraph separators, invisible and direction-changing characters (Unicode 15, Trojan Source); bytes that are not
// UTF-8 become \xNN. The rest of the grammar of a JSON text is untouched: one that was valid stays valid and equal.
std::string printable(std::string_view text);

// The first `characters` of `text` (UTF-8), with "…" where more was there.
std::string clipped(std::string_view text, std::size_t characters);

// "12,345"
std::string grouped(std::uint64_t number);

}  // namespace stele
