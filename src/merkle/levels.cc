#include "merkle/levels.h"

#include <bit>
#include <cassert>

#include "crypto/sha256.h"
#include "merkle/tree.h"

namespace stele::merkle {

Levels::Levels(std::uint64_t base, std::span<const Hash> frontier) : size_(base) {
  assert(frontier.size() == static_cast<std::size_t>(std::popcount(base)));
  std::size_t at = 0;
  for (unsigned level = kLevels; level-- > 0;) {
    Level& here = levels_[level];
    const std::uint64_t complete = base >> level;
    here.first = complete;
    if ((complete & 1) != 0) {
      here.first = complete - 1;
      here.nodes.push_back(frontier[at++]);
    }
  }
}

void Levels::append(std::span<const Hash> leaves) {
  levels_[0].nodes.insert(levels_[0].nodes.end(), leaves.begin(), leaves.end());
  size_ += leaves.size();
  for (unsigned level = 0; level + 1 < kLevels; ++level) {
    const Level& below = levels_[level];
    Level& above = levels_[level + 1];
    const std::uint64_t have = above.first + above.nodes.size();
    const std::uint64_t complete = (below.first + below.nodes.size()) / 2;
    if (complete == have) break;
    assert(have * 2 >= below.first);
    const std::size_t grown = above.nodes.size();
    above.nodes.resize(grown + (complete - have));
    crypto::hash_nodes(&below.nodes[have * 2 - below.first], complete - have, &above.nodes[grown]);
  }
}

std::optional<Hash> Levels::node(unsigned level, std::uint64_t index) const {
  if (level >= kLevels) return std::nullopt;
  const Level& here = levels_[level];
  if (index < here.first || index - here.first >= here.nodes.size()) return std::nullopt;
  return here.nodes[index - here.first];
}

Hash Levels::root() const {
  if (size_ == 0) return empty_root();
  std::optional<Hash> root;
  for (unsigned level = 0; level < kLevels; ++level) {
    if ((size_ >> level & 1) == 0) continue;
    const auto subtree = node(level, (size_ >> level) - 1);
    assert(subtree.has_value());
    root = root ? crypto::hash_node(*subtree, *root) : *subtree;
  }
  return *root;
}

void Levels::drop_before(std::uint64_t base) {
  assert(base <= size_);
  for (unsigned level = 0; level < kLevels; ++level) {
    Level& here = levels_[level];
    const std::uint64_t keep = (base >> level) & ~std::uint64_t{1};
    if (keep <= here.first) continue;
    const std::size_t gone = std::min<std::size_t>(keep - here.first, here.nodes.size());
    here.nodes.erase(here.nodes.begin(), here.nodes.begin() + static_cast<std::ptrdiff_t>(gone));
    here.first = keep;
  }
}

}  // namespace stele::merkle
