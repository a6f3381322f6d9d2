// Which of the names that are known a misspelt one was probably meant to be.
#pragma once

#include <span>
#include <string_view>

namespace stele {

// Whether `word` is `known` but for the case of ASCII letters and one or two slips (a letter more, less, other, or two that
// changed places): one in names of up to five letters, none in names of up to three. Of words up to 32 bytes.
bool looks_like(std::string_view word, std::string_view known);

// The one of `known` that `word` looks like with the fewest slips, the first of equals; empty when there is none.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace stele
