// The templates that are part of the program: sentences.yaml.
#pragma once

#include <span>
#include <string_view>

namespace stele::sentence {

struct ShippedFile {
  std::string_view name;  // "sentences.yaml"
  std::string_view yaml;
};

// By name. Lives for ever.
std::span<const ShippedFile> shipped_files();

}  // namespace stele::sentence
