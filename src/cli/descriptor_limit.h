// How many descriptors a long-running command may have open.
#pragma once

#include <cstdint>
#include <optional>

namespace stele::cli {

// Raises the soft limit of this process to its hard one. What it is now; nothing where there is none, or nobody knows.
std::optional<std::uint64_t> raise_descriptor_limit();

}  // namespace stele::cli
