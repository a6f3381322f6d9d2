// The right edge of a growing tree, held in memory: every node over the leaves from a base on, and what is left of
// the base only as far as later proofs and roots need it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace stele::merkle {

// About 64 bytes a leaf from the base on. Not synchronised: the owner serialises.
class Levels {
 public:
  Levels() = default;

  // Starts at `base` leaves; `frontier` holds the roots of the perfect subtrees that make up D[base], largest first
  // (one for each set bit of base).
  Levels(std::uint64_t base, std::span<const Hash> frontier);

  void append(std::span<const Hash> leaves);

  [[nodiscard]] std::uint64_t size() const { return size_; }

  // The node, when it is held: every complete node that reaches past the base, and the frontier of the base.
  [[nodiscard]] std::optional<Hash> node(unsigned level, std::uint64_t index) const;

  // Root of all leaves.
  [[nodiscard]] Hash root() const;

  // Forgets what lies before `base`, except its frontier.
  void drop_before(std::uint64_t base);

 private:
  static constexpr unsigned kLevels = 63;
  struct Level {
    std::uint64_t first = 0;  // index of nodes[0]
    std::vector<Hash> nodes;
  };
  std::array<Level, kLevels> levels_;
  std::uint64_t size_ = 0;
};

}  // namespace stele::merkle
