// The normalisers that are part of the program: src/normalise/rules/.
#pragma once

#include <span>
#include <string_view>

namespace stele::normalise {

struct ShippedFile {
  std::string_view name;  // "sshd.yaml"
  std::string_view yaml;
};

// By name. Lives for ever.
std::span<const ShippedFile> shipped_files();

}  // namespace stele::normalise
