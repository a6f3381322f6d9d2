#include "verify/report.h"

namespace stele::verify {

std::string Uncovered::text() const {
  if (from == to) return where + ": " + why;
  return where + ", bytes " + std::to_string(from) + " to " + std::to_string(to - 1) + ": " + why;
}

std::string entries_text(std::uint64_t first, std::uint64_t end) {
  return end - first == 1 ? "entry " + std::to_string(first)
                          : "entries " + std::to_string(first) + " to " + std::to_string(end - 1);
}

}  // namespace stele::verify
