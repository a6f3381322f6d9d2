// Bytes of any kind as text that must be a string: ids, names, keys.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stele {

// Appends `bytes` as the inside of a JSON string, escaped and without quotes. Each byte that is not part of well-formed UTF-8
// becomes U+FFFD and "<xx>", and so does U+FFFD itself, byte by byte, so that no two different ones meet. What would make it
// longer than `bytes_max` before escaping is replaced by an ellipsis.
void append_readable(std::string& out, std::string_view bytes, std::size_t bytes_max = std::string::npos);

}  // namespace stele
