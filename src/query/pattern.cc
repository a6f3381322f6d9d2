#include "query/pattern.h"

#include <algorithm>

namespace stele::query {

std::vector<std::string> split_pattern(std::string_view text) {
  std::vector<std::string> out(1);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && text[end] == '\\') ++end;
    const std::size_t backslashes = end - at;
    const bool star = end < text.size() && text[end] == '*';
    out.back().append(star ? backslashes / 2 : backslashes, '\\');
    if (end == text.size()) break;
    if (star && backslashes % 2 == 0)
      out.emplace_back();
    else
      out.back().push_back(text[end]);
    at = end + 1;
  }
  return out;
}

bool is_anything(const std::vector<std::string>& pieces) {
  return pieces.size() > 1 && std::all_of(pieces.begin(), pieces.end(), [](const std::string& one) { return one.empty(); });
}

}  // namespace stele::query
