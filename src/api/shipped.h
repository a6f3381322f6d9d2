// The pages that are part of the program: those of src/api/pages/.
#pragma once

#include <span>
#include <string_view>

namespace stele::api {

struct ShippedFile {
  std::string_view name;  // "login.html"
  std::string_view text;
};

// By name. Lives for ever.
std::span<const ShippedFile> shipped_files();

}  // namespace stele::api
