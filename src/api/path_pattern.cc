#include "api/path_pattern.h"

namespace stele::api {
namespace {

std::string_view take_part(std::string_view& rest) {
  const auto slash = rest.find('/', 1);
  const std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(part.size());
  return part;
}

}  // namespace

std::optional<PathParts> match(std::string_view pattern, std::string_view path) {
  PathParts parts;
  while (!pattern.empty()) {
    const std::string_view wanted = take_part(pattern);
    if (wanted == "/*") {
      if (path.size() < 2) return std::nullopt;
      parts.emplace_back(path.substr(1));
      return parts;
    }
    if (path.empty()) return std::nullopt;
    const std::string_view got = take_part(path);
    if (wanted.size() > 1 && wanted[1] == '{') {
      if (got.size() < 2) return std::nullopt;
      parts.emplace_back(got.substr(1));
    } else if (wanted != got) {
      return std::nullopt;
    }
  }
  if (!path.empty()) return std::nullopt;
  return parts;
}

}  // namespace stele::api
