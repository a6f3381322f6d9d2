// Lists written as one text, with commas between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stele {

// "a,b". None of them has a comma in it.
inline std::string join(const std::vector<std::string>& list, std::string_view between = ",") {
  std::string out;
  for (const std::string& one : list) {
    if (&one != list.data()) out += between;
    out += one;
  }
  return out;
}

// What stands between commas, without what is empty.
inline std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

}  // namespace stele
