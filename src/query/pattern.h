// Patterns: `*` stands for any characters, `\*` for a star.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stele::query {

// What stands between the stars of `text`, one more than there are. Of backslashes in front of a star, two are one; one that is
// left makes it a character. Anywhere else a backslash is itself.
std::vector<std::string> split_pattern(std::string_view text);

// Whether there is nothing but stars, and at least one.
bool is_anything(const std::vector<std::string>& pieces);

}  // namespace stele::query
