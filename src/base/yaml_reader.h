// Files of YAML that people write, read member by member: what is wrong with one, and in which line. For rooms that link
// yaml-cpp.
#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace stele::yaml {

// What read() catches, beside what yaml-cpp throws; it is not to get past it.
struct Wrong {
  int line;
  std::string message;
};

// Ends the reading. A file without anything in it has no line.
[[noreturn]] inline void fail(const YAML::Node& node, std::string message) {
  throw Wrong{std::max(0, node.Mark().line), std::move(message)};
}

// Calls take(root). kInvalid, "FILE:LINE: what is wrong", when that, or yaml-cpp, does not like the text.
template <typename F>
Status read(std::string_view text, const std::string& file, F&& take) {
  const auto wrong = [&](int line, const std::string& message) {
    return invalid(file + ":" + std::to_string(line + 1) + ": " + message);
  };
  try {
    take(YAML::Load(std::string(text)));
    return {};
  } catch (const Wrong& e) {
    return wrong(e.line, e.message);
  } catch (const YAML::Exception& e) {
    return wrong(e.mark.line, e.msg);
  }
}

}  // namespace stele::yaml
