// Texts of an event in the making.
#pragma once

#include <string>
#include <string_view>

namespace stele::collect {

// In quotation marks. The word has nothing to escape.
void append_quoted(std::string& out, std::string_view word);

// Bytes of any kind as a JSON string, readable and of at most 1,000 bytes: an id, which has at most 1,024 characters, or a name.
void append_text(std::string& out, std::string_view bytes);

}  // namespace stele::collect
