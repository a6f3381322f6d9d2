// What a file holds, by its name and its first bytes.
#pragma once

#include <string>
#include <string_view>

namespace stele::cli {

struct FormatGuess {
  std::string format;  // of docs/formats/records.md
  std::string why;     // "it begins with an object that has eventVersion"
};

// `head` is the start of what is in the file, as much as there is at hand. Where nothing else fits it is lines.
FormatGuess guess_format(std::string_view name, std::string_view head);

}  // namespace stele::cli
