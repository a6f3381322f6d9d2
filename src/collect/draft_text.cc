#include "collect/draft_text.h"

#include "base/readable_text.h"

namespace stele::collect {

void append_quoted(std::string& out, std::string_view word) {
  out.push_back('"');
  out += word;
  out.push_back('"');
}

void append_text(std::string& out, std::string_view bytes) {
  constexpr std::size_t kBytesMax = 1'000;  // leaves room for an ellipsis
  out.push_back('"');
  append_readable(out, bytes, kBytesMax);
  out.push_back('"');
}

}  // namespace stele::collect
