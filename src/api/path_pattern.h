// Which paths a route is for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stele::api {

// What a pattern's placeholders stood for, in order.
using PathParts = std::vector<std::string>;

// "/log/{log}/proof/{index}"; a last part "*" takes the rest of the path. Nothing: the path is another one.
std::optional<PathParts> match(std::string_view pattern, std::string_view path);

}  // namespace stele::api
