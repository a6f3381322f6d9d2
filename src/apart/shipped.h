// What secrets look like, as it is part of the program: secrets.yaml.
#pragma once

#include <span>
#include <string_view>

namespace stele::apart {

struct ShippedFile {
  std::string_view name;  // "secrets.yaml"
  std::string_view yaml;
};

// By name. Lives for ever.
std::span<const ShippedFile> shipped_files();

}  // namespace stele::apart
