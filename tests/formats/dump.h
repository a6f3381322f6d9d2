// Worked hexdumps as the documents in docs/formats/ show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace stele::formats {

// A run of bytes and what it is.
struct Field {
  std::size_t size = 0;
  std::string meaning;
};

// Lines of offset, up to 16 bytes, and on a field's first line its meaning. A field of more than `bytes_max` bytes is
// shown by its first 16 and how many more there are. The fields cover `bytes`; `first` is the offset of its first byte.
std::string annotated(std::string_view bytes, const std::vector<Field>& fields, std::size_t first = 0,
                      std::size_t bytes_max = 64);

// Lines of offset, 16 bytes, and the characters they are.
std::string plain(std::string_view bytes);

}  // namespace stele::formats
