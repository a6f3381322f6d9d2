// The growing edge held against the whole tree.
#include "merkle/levels.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "merkle/tree.h"
#include "support/naive_tree.h"
#include "support/prng.h"

namespace stele::merkle {
namespace {

using testing::naive_root;
using testing::numbered_leaves;
using testing::Prng;

std::vector<Hash> frontier_of(std::span<const Hash> leaves) {
  std::vector<Hash> out;
  std::uint64_t at = 0;
  for (unsigned bit = 63; bit-- > 0;) {
    const std::uint64_t width = std::uint64_t{1} << bit;
    if ((leaves.size() & width) == 0) continue;
    out.push_back(naive_root(leaves.subspan(at, width)));
    at += width;
  }
  return out;
}

// Whether the contract promises this node of a tree of `size` after what lies before `base` was dropped.
bool promised(unsigned level, std::uint64_t index, std::uint64_t base, std::uint64_t size) {
  const std::uint64_t width = std::uint64_t{1} << level;
  if ((index + 1) * width > size) return false;                // not complete
  if ((index + 1) * width > base) return true;                 // reaches past the base
  return (base & width) != 0 && index == (base >> level) - 1;  // in the frontier of the base
}

void expect_edge_of(const Levels& levels, std::span<const Hash> leaves, std::uint64_t base) {
  ASSERT_EQ(levels.size(), leaves.size());
  EXPECT_EQ(levels.root(), naive_root(leaves));
  for (unsigned level = 0; std::uint64_t{1} << level <= leaves.size() + 1; ++level) {
    const std::uint64_t width = std::uint64_t{1} << level;
    for (std::uint64_t index = 0; index <= leaves.size() / width + 1; ++index) {
      const auto node = levels.node(level, index);
      if (!node) {
        ASSERT_FALSE(promised(level, index, base, leaves.size())) << "node " << index << " of level " << level;
        continue;
      }
      ASSERT_LE((index + 1) * width, leaves.size()) << "node " << index << " of level " << level << " is not complete";
      ASSERT_EQ(*node, naive_root(leaves.subspan(index * width, width))) << "node " << index << " of level " << level;
    }
  }
}

// Goal: however leaves come and old ones go, root and held nodes are those of the whole tree.
TEST(Levels, follows_the_tree_through_random_appends_and_drops) {
  const auto leaves = numbered_leaves(800);
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Prng random(seed);
    std::uint64_t base = random.chance(1, 2) ? random.below(300) : 0;
    Levels levels(base, frontier_of(std::span(leaves).first(base)));
    std::uint64_t size = base;
    for (int step = 0; step < 25 && !HasFatalFailure(); ++step) {
      if (random.chance(1, 3)) {
        base += random.below(size - base + 1);
        levels.drop_before(base);
      } else {
        const std::uint64_t count = std::min<std::uint64_t>(random.below(random.chance(1, 4) ? 200 : 20), leaves.size() - size);
        levels.append(std::span(leaves).subspan(size, count));
        size += count;
      }
      expect_edge_of(levels, std::span(leaves).first(size), base);
    }
  }
}

// Goal: dropping to a base earlier than the last one changes nothing.
TEST(Levels, never_brings_back_what_was_dropped) {
  const auto leaves = numbered_leaves(100);
  Levels levels;
  levels.append(leaves);
  levels.drop_before(77);
  levels.drop_before(12);
  expect_edge_of(levels, leaves, 77);
  EXPECT_FALSE(levels.node(0, 12).has_value());
}

// Goal: proofs of everything from the base on need nothing but the edge: what a commit's receipts rest on.
TEST(Levels, holds_all_that_proofs_from_the_base_on_need) {
  const auto leaves = numbered_leaves(90);
  for (std::uint64_t base = 0; base < leaves.size(); base += 1 + base % 7) {
    Levels levels(base, frontier_of(std::span(leaves).first(base)));
    levels.append(std::span(leaves).subspan(base));
    const NodeReader held = [&](unsigned level, std::uint64_t index) -> Result<Hash> {
      const auto hash = levels.node(level, index);
      if (!hash)
        return Error{Code::kInternal, "node " + std::to_string(index) + " of level " + std::to_string(level) + " is not held"};
      return *hash;
    };
    const Hash root = naive_root(leaves);
    for (std::uint64_t first = base; first < leaves.size(); ++first) {
      for (const std::uint64_t count : {std::uint64_t{1}, (leaves.size() - first + 1) / 2, leaves.size() - first}) {
        const auto proof = range_proof(first, count, leaves.size(), held);
        ASSERT_TRUE(proof.ok()) << proof.error().message << ", base " << base;
        EXPECT_TRUE(verify_range(first, std::span(leaves).subspan(first, count), leaves.size(), *proof, root).ok());
      }
    }
  }
}

// Goal: a base of any size up to the limit is taken up where it stands.
TEST(Levels, starts_at_any_base) {
  constexpr std::uint64_t kSeed = 5;
  Prng random(kSeed);
  const auto leaves = numbered_leaves(300);
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t base = random.next() >> (3 + random.below(60));
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", base " + std::to_string(base));
    std::vector<Hash> frontier(static_cast<std::size_t>(std::popcount(base)));
    for (Hash& hash : frontier) random.fill(std::as_writable_bytes(std::span(hash)));
    Levels levels(base, frontier);
    if (base > 0) {
      Hash folded = frontier.back();
      for (std::size_t i = frontier.size() - 1; i-- > 0;) folded = testing::naive_node(frontier[i], folded);
      EXPECT_EQ(levels.root(), folded);
    }
    levels.append(leaves);
    // The same tree by its definition, from the frontier and the new leaves alone.
    const NodeReader nodes = [&](unsigned level, std::uint64_t index) -> Result<Hash> {
      const auto hash = levels.node(level, index);
      if (!hash) return Error{Code::kInternal, "not held"};
      return *hash;
    };
    const auto root = tree_root(base + leaves.size(), nodes);
    ASSERT_TRUE(root.ok());
    EXPECT_EQ(levels.root(), *root);
    const std::uint64_t last = base + leaves.size() - 1;
    const auto proof = inclusion_proof(last, base + leaves.size(), nodes);
    ASSERT_TRUE(proof.ok());
    EXPECT_TRUE(verify_inclusion(last, leaves.back(), base + leaves.size(), *proof, *root).ok());
  }
}

// Goal: an empty tree has the empty root, and nodes that cannot be are none.
TEST(Levels, is_empty_at_first) {
  Levels levels;
  EXPECT_EQ(levels.size(), 0U);
  EXPECT_EQ(levels.root(), empty_root());
  EXPECT_FALSE(levels.node(0, 0).has_value());
  EXPECT_FALSE(levels.node(63, 0).has_value());
  EXPECT_FALSE(levels.node(1000, UINT64_MAX).has_value());
  levels.append({});
  levels.drop_before(0);
  EXPECT_EQ(levels.root(), empty_root());
}

}  // namespace
}  // namespace stele::merkle
