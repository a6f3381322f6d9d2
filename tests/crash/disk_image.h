// All files of a simulated disk as values: to be damaged, put back, and compared.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/sim_fs.h"

namespace stele::testing {

struct DiskImage {
  std::map<std::string, std::string> files;  // path → content

  // What reads see.
  static DiskImage of(SimFileSystem& fs);
  // Puts the files onto an empty disk, durable.
  void write_to(SimFileSystem& fs) const;
  // Paths that end so.
  [[nodiscard]] std::vector<std::string> paths(std::string_view suffix) const;

  bool operator==(const DiskImage&) const = default;
};

}  // namespace stele::testing
