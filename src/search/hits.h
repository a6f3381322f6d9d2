// The entries of a page, read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/store.h"

namespace stele::search {

struct Hit {
  std::uint64_t index = 0;
  std::string entry;  // empty: not read yet
};

// Reads the entries of the hits that have none, on all processors where they are many.
Status read_hits(std::span<Hit> hits, const std::shared_ptr<const log::Store>& store);

}  // namespace stele::search
