// The tree against vectors of other implementations, against RFC 6962 written out naively, and against every forgery
// of one change.
#include "merkle/tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "support/naive_tree.h"
#include "support/prng.h"
#include "support/vectors.h"

namespace stele::merkle {
namespace {

using testing::hash_from;
using testing::hash_of;
using testing::hashes_of;
using testing::naive_path;
using testing::naive_range;
using testing::naive_root;
using testing::naive_subproof;
using testing::number_of;
using testing::numbered_leaves;
using testing::Prng;

// Answers for the perfect subtrees over `leaves` that lie wholly within them, and fails the test for any other.
NodeReader reader_of(std::span<const Hash> leaves) {
  return [leaves](unsigned level, std::uint64_t index) -> Result<Hash> {
    const std::uint64_t width = std::uint64_t{1} << level;
    if (level > 62 || (index + 1) * width > leaves.size()) {
      ADD_FAILURE() << "asked for node " << index << " of level " << level << " in a tree of " << leaves.size();
      return Error{Code::kInternal, "no such node"};
    }
    return naive_root(leaves.subspan(index * width, width));
  };
}

Hash flipped(Hash hash, std::uint64_t bit) {
  hash[bit / 8 % hash.size()] ^= static_cast<std::uint8_t>(1U << bit % 8);
  return hash;
}

// Goal: leaf hashes and roots are those that other implementations compute.
TEST(Tree, has_the_roots_of_other_implementations) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("leaves")) {
    const std::string data = testing::text_of(vector, "data");
    EXPECT_EQ(crypto::hash_leaf(as_byte_span(data)), hash_of(vector, "hash")) << data;
  }
  const auto leaves = numbered_leaves(1000);
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("roots")) {
    const auto d = std::span(leaves).first(number_of(vector, "size"));
    EXPECT_EQ(root_of(d), hash_of(vector, "root")) << d.size();
    EXPECT_EQ(naive_root(d), hash_of(vector, "root")) << "the naive tree, " << d.size();
    const auto root = tree_root(d.size(), reader_of(d));
    ASSERT_TRUE(root.ok());
    EXPECT_EQ(*root, hash_of(vector, "root")) << d.size();
  }
}

// Goal: proofs are those of other implementations, hash by hash, and verify.
TEST(Tree, makes_the_proofs_of_other_implementations) {
  const auto leaves = numbered_leaves(1000);
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("inclusion")) {
    const auto d = std::span(leaves).first(number_of(vector, "size"));
    const std::uint64_t index = number_of(vector, "index");
    const auto proof = inclusion_proof(index, d.size(), reader_of(d));
    ASSERT_TRUE(proof.ok());
    EXPECT_EQ(*proof, hashes_of(vector, "proof")) << index << " of " << d.size();
    EXPECT_TRUE(verify_inclusion(index, d[index], d.size(), *proof, naive_root(d)).ok());
  }
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("consistency")) {
    const std::uint64_t from = number_of(vector, "from");
    const auto d = std::span(leaves).first(number_of(vector, "to"));
    const auto proof = consistency_proof(from, d.size(), reader_of(d));
    ASSERT_TRUE(proof.ok());
    EXPECT_EQ(*proof, hashes_of(vector, "proof")) << from << " to " << d.size();
    EXPECT_TRUE(verify_consistency(from, naive_root(d.first(from)), d.size(), naive_root(d), *proof).ok());
  }
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("range")) {
    const auto d = std::span(leaves).first(number_of(vector, "size"));
    const std::uint64_t first = number_of(vector, "first");
    const std::uint64_t count = number_of(vector, "count");
    const auto proof = range_proof(first, count, d.size(), reader_of(d));
    ASSERT_TRUE(proof.ok());
    EXPECT_EQ(*proof, hashes_of(vector, "proof")) << first << " +" << count << " of " << d.size();
    EXPECT_TRUE(verify_range(first, d.subspan(first, count), d.size(), *proof, naive_root(d)).ok());
  }
}

// Goal: whole receipts of the independent implementation lead to their checkpoints' roots.
TEST(Tree, verifies_receipts_of_another_implementation) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("receipts")) {
    const simdjson::dom::element receipt = vector["receipt"];
    const std::string note = testing::text_of(receipt, "checkpoint");
    const auto size_at = note.find('\n') + 1;
    const auto root_at = note.find('\n', size_at) + 1;
    const std::uint64_t size = std::stoull(note.substr(size_at, root_at - size_at));
    const Hash root = hash_from(std::string_view(note).substr(root_at, 44));
    const auto leaves = hashes_of(receipt, "leaves");
    std::span<const Hash> rest(leaves);
    for (const simdjson::dom::element range : testing::member<simdjson::dom::array>(receipt, "ranges")) {
      const auto covered = rest.first(number_of(range, "count"));
      rest = rest.subspan(covered.size());
      EXPECT_TRUE(verify_range(number_of(range, "first"), covered, size, hashes_of(range, "proof"), root).ok()) << note;
    }
    EXPECT_TRUE(rest.empty());
  }
}

// Goal: at random sizes, everything is what RFC 6962's definitions give.
TEST(Tree, agrees_with_the_definitions_at_random_sizes) {
  constexpr std::uint64_t kSeed = 20'260'723;
  Prng random(kSeed);
  const auto leaves = numbered_leaves(3000);
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t size = 1 + random.below(round % 3 == 0 ? 3000 : 300);
    const auto d = std::span(leaves).first(size);
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round) + ", size " + std::to_string(size));
    const Hash root = naive_root(d);
    EXPECT_EQ(root_of(d), root);
    EXPECT_EQ(tree_root(size, reader_of(d)).value(), root);
    const std::uint64_t index = random.below(size);
    const auto path = inclusion_proof(index, size, reader_of(d));
    EXPECT_EQ(path.value(), naive_path(index, d)) << index;
    EXPECT_TRUE(verify_inclusion(index, d[index], size, *path, root).ok()) << index;
    const std::uint64_t old_size = 1 + random.below(size);
    const auto grown = consistency_proof(old_size, size, reader_of(d));
    EXPECT_EQ(grown.value(), naive_subproof(old_size, d, true)) << old_size;
    EXPECT_TRUE(verify_consistency(old_size, naive_root(d.first(old_size)), size, root, *grown).ok()) << old_size;
    const std::uint64_t first = random.below(size);
    const std::uint64_t count = 1 + random.below(size - first);
    const auto range = range_proof(first, count, size, reader_of(d));
    EXPECT_EQ(range.value(), naive_range(first, first + count, 0, d)) << first << " +" << count;
    EXPECT_TRUE(verify_range(first, d.subspan(first, count), size, *range, root).ok()) << first << " +" << count;
  }
}

// What a verifier computes for [a, b) in a tree over [lo, hi), as a formula: leaves by number, P for the next hash of the
// proof. Two claims with the same formula cannot be told apart by any proof, and need not be: they say the same.
std::string range_formula(std::uint64_t a, std::uint64_t b, std::uint64_t lo, std::uint64_t hi, std::size_t& used) {
  if (a <= lo && hi <= b && hi - lo == 1) return "L" + std::to_string(lo - a);
  const std::uint64_t mid = lo + testing::split_of(hi - lo);
  const bool in_left = lo < b && a < mid;
  const bool in_right = mid < b && a < hi;
  std::string left;
  std::string right;
  if (in_left) left = range_formula(a, b, lo, mid, used);
  if (in_right) right = range_formula(a, b, mid, hi, used);
  if (!in_left) left = "P" + std::to_string(used++);
  if (!in_right) right = "P" + std::to_string(used++);
  return "(" + left + " " + right + ")";
}
std::string range_formula(std::uint64_t first, std::uint64_t count, std::uint64_t size) {
  std::size_t used = 0;
  std::string formula = range_formula(first, first + count, 0, size, used);
  return formula + " of " + std::to_string(used);
}

struct RangeCase {
  std::uint64_t first, count, size;
  Proof proof;
  Hash root;
};

// Every change of one thing to a proof that holds; each must be refused.
void expect_range_forgeries_refused(const RangeCase& c, std::span<const Hash> d, Prng& random) {
  const auto leaves = d.subspan(c.first, c.count);
  const auto refused = [&](const Proof& proof) { return !verify_range(c.first, leaves, c.size, proof, c.root).ok(); };
  for (std::size_t i = 0; i < c.proof.size(); ++i) {
    Proof proof = c.proof;
    proof[i] = flipped(proof[i], random.below(256));
    EXPECT_TRUE(refused(proof)) << "hash " << i << " changed";
    proof = c.proof;
    proof.erase(proof.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(refused(proof)) << "hash " << i << " missing";
    if (i > 0) {
      proof = c.proof;
      std::swap(proof[i - 1], proof[i]);
      EXPECT_TRUE(refused(proof)) << "hashes exchanged before " << i;
    }
  }
  for (std::size_t i = 0; i <= c.proof.size(); ++i) {
    for (const Hash& extra : {Hash{}, d[0], c.root}) {
      Proof proof = c.proof;
      proof.insert(proof.begin() + static_cast<std::ptrdiff_t>(i), extra);
      EXPECT_TRUE(refused(proof)) << "a hash added at " << i;
    }
  }
  std::vector<Hash> others(leaves.begin(), leaves.end());
  for (Hash& leaf : others) {
    const Hash right = leaf;
    leaf = flipped(leaf, random.below(256));
    EXPECT_FALSE(verify_range(c.first, others, c.size, c.proof, c.root).ok()) << "a leaf changed";
    leaf = right;
  }
  EXPECT_FALSE(verify_range(c.first, leaves, c.size, c.proof, flipped(c.root, random.below(256))).ok()) << "the root changed";
  EXPECT_FALSE(verify_range(c.first, leaves.first(leaves.size() - 1), c.size, c.proof, c.root).ok()) << "a leaf left out";
}

// Another place or another size is accepted exactly when it asks for the same computation.
void expect_other_claims_refused(const RangeCase& c, std::span<const Hash> d, std::uint64_t size_max) {
  const auto leaves = d.subspan(c.first, c.count);
  const std::string formula = range_formula(c.first, c.count, c.size);
  for (std::uint64_t first = 0; first <= size_max; ++first) {
    for (std::uint64_t size = 0; size <= size_max; ++size) {
      const bool same = first + c.count <= size && range_formula(first, c.count, size) == formula;
      EXPECT_FALSE(same && first != c.first && size == c.size) << first;
      EXPECT_EQ(verify_range(first, leaves, size, c.proof, c.root).ok(), same) << "as " << first << " of " << size;
    }
  }
}

// Goal: for every range of every small tree, the proof is accepted and nothing else is.
TEST(RangeProof, is_accepted_exactly_as_it_is) {
  constexpr std::uint64_t kSizeEnd = 18;
  constexpr std::uint64_t kSeed = 7;
  Prng random(kSeed);
  const auto leaves = numbered_leaves(kSizeEnd);
  for (std::uint64_t size = 1; size < kSizeEnd; ++size) {
    const auto d = std::span(leaves).first(size);
    for (std::uint64_t first = 0; first < size; ++first) {
      for (std::uint64_t count = 1; count <= size - first; ++count) {
        SCOPED_TRACE(std::to_string(first) + " +" + std::to_string(count) + " of " + std::to_string(size));
        const RangeCase c{first, count, size, range_proof(first, count, size, reader_of(d)).value(), naive_root(d)};
        ASSERT_EQ(c.proof, naive_range(first, first + count, 0, d));
        ASSERT_TRUE(verify_range(first, d.subspan(first, count), size, c.proof, c.root).ok());
        expect_range_forgeries_refused(c, d, random);
        expect_other_claims_refused(c, d, size + 3);
      }
    }
  }
}

// Goal: no bit of an inclusion proof, leaf or root can change unnoticed.
TEST(RangeProof, is_refused_after_any_single_bit_flip) {
  const auto leaves = numbered_leaves(13);
  const Hash root = naive_root(leaves);
  for (std::uint64_t index = 0; index < leaves.size(); ++index) {
    const Proof proof = inclusion_proof(index, leaves.size(), reader_of(leaves)).value();
    for (std::uint64_t bit = 0; bit < 256; ++bit) {
      for (std::size_t i = 0; i < proof.size(); ++i) {
        Proof other = proof;
        other[i] = flipped(other[i], bit);
        EXPECT_FALSE(verify_inclusion(index, leaves[index], leaves.size(), other, root).ok())
            << index << ", " << i << ", " << bit;
      }
      EXPECT_FALSE(verify_inclusion(index, flipped(leaves[index], bit), leaves.size(), proof, root).ok());
      EXPECT_FALSE(verify_inclusion(index, leaves[index], leaves.size(), proof, flipped(root, bit)).ok());
    }
  }
}

// Goal: a receipt's range proof gives the inclusion proof of each of its leaves.
TEST(RangeProof, turns_into_inclusion_proofs) {
  const auto leaves = numbered_leaves(40);
  for (std::uint64_t size = 1; size <= 24; ++size) {
    const auto d = std::span(leaves).first(size);
    std::vector<Proof> paths;
    for (std::uint64_t i = 0; i < size; ++i) paths.push_back(naive_path(i, d));
    for (std::uint64_t first = 0; first < size; ++first) {
      for (std::uint64_t count = 1; count <= size - first; ++count) {
        const Proof proof = range_proof(first, count, size, reader_of(d)).value();
        for (std::uint64_t index = first; index < first + count; ++index) {
          const auto path = inclusion_from_range(first, d.subspan(first, count), size, proof, index);
          ASSERT_TRUE(path.ok());
          ASSERT_EQ(*path, paths[index]) << index << " from " << first << " +" << count << " of " << size;
        }
      }
    }
  }
}

// Goal: a leaf outside the range, or a proof of the wrong length, gives no inclusion proof.
TEST(RangeProof, turns_into_nothing_where_it_does_not_reach) {
  const auto leaves = numbered_leaves(11);
  const auto covered = std::span<const Hash>(leaves).subspan(3, 4);
  const Proof proof = range_proof(3, 4, 11, reader_of(leaves)).value();
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{7}, std::uint64_t{10}, UINT64_MAX}) {
    EXPECT_EQ(inclusion_from_range(3, covered, 11, proof, index).error().code, Code::kInvalid) << index;
  }
  Proof longer = proof;
  longer.push_back(Hash{});
  EXPECT_EQ(inclusion_from_range(3, covered, 11, longer, 4).error().code, Code::kInvalid);
  Proof shorter = proof;
  shorter.pop_back();
  EXPECT_EQ(inclusion_from_range(3, covered, 11, shorter, 4).error().code, Code::kInvalid);
  EXPECT_EQ(inclusion_from_range(3, {}, 11, proof, 3).error().code, Code::kInvalid);
}

// The two roots as a verifier computes them from a consistency proof; R is the old root that it holds.
using Formulas = std::pair<std::string, std::string>;
Formulas consistency_formulas(std::uint64_t m, std::uint64_t n, bool known, std::size_t& used) {
  if (m == n) {
    const std::string whole = known ? "R" : "P" + std::to_string(used++);
    return {whole, whole};
  }
  const std::uint64_t k = testing::split_of(n);
  const bool in_left = m <= k;
  const Formulas inner = in_left ? consistency_formulas(m, k, known, used) : consistency_formulas(m - k, n - k, false, used);
  const std::string next = "P" + std::to_string(used++);
  if (in_left) return {inner.first, "(" + inner.second + " " + next + ")"};
  return {"(" + next + " " + inner.first + ")", "(" + next + " " + inner.second + ")"};
}
std::string consistency_formula(std::uint64_t m, std::uint64_t n) {
  std::size_t used = 0;
  const Formulas formulas = consistency_formulas(m, n, true, used);
  return formulas.first + " then " + formulas.second + " of " + std::to_string(used);
}

void expect_consistency_forgeries_refused(std::uint64_t m, std::uint64_t n, const Proof& proof, std::span<const Hash> leaves,
                                          Prng& random) {
  const Hash old_root = naive_root(leaves.first(m));
  const Hash root = naive_root(leaves.first(n));
  const auto refused = [&](const Proof& other) { return !verify_consistency(m, old_root, n, root, other).ok(); };
  for (std::size_t i = 0; i < proof.size(); ++i) {
    Proof other = proof;
    other[i] = flipped(other[i], random.below(256));
    EXPECT_TRUE(refused(other)) << "hash " << i << " changed";
    other = proof;
    other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(refused(other)) << "hash " << i << " missing";
  }
  for (std::size_t i = 0; i <= proof.size(); ++i) {
    Proof other = proof;
    other.insert(other.begin() + static_cast<std::ptrdiff_t>(i), root);
    EXPECT_TRUE(refused(other)) << "a hash added at " << i;
  }
  EXPECT_FALSE(verify_consistency(m, flipped(old_root, random.below(256)), n, root, proof).ok()) << "the old root changed";
  // From nothing, any root follows.
  EXPECT_EQ(verify_consistency(m, old_root, n, flipped(root, random.below(256)), proof).ok(), m == 0 && n > 0)
      << "the root changed";
}

// Goal: for all pairs of small sizes the proof is RFC 6962's, is accepted, and is refused after any one change.
TEST(ConsistencyProof, is_accepted_exactly_as_it_is) {
  constexpr std::uint64_t kSizeMax = 40;
  constexpr std::uint64_t kSeed = 11;
  Prng random(kSeed);
  const auto leaves = numbered_leaves(kSizeMax);
  for (std::uint64_t n = 0; n <= kSizeMax; ++n) {
    const auto d = std::span<const Hash>(leaves).first(n);
    for (std::uint64_t m = 0; m <= n; ++m) {
      SCOPED_TRACE(std::to_string(m) + " to " + std::to_string(n));
      const Proof proof = consistency_proof(m, n, reader_of(d)).value();
      ASSERT_EQ(proof, m == 0 ? Proof{} : naive_subproof(m, d, true));
      ASSERT_TRUE(verify_consistency(m, naive_root(d.first(m)), n, naive_root(d), proof).ok());
      expect_consistency_forgeries_refused(m, n, proof, leaves, random);
    }
  }
}

// Goal: sizes that are claimed wrongly are accepted only where the claim asks for the same computation.
TEST(ConsistencyProof, is_refused_for_other_sizes) {
  constexpr std::uint64_t kSizeMax = 20;
  const auto leaves = numbered_leaves(kSizeMax);
  for (std::uint64_t n = 2; n <= kSizeMax; ++n) {
    const auto d = std::span<const Hash>(leaves).first(n);
    for (std::uint64_t m = 1; m < n; ++m) {
      const Proof proof = consistency_proof(m, n, reader_of(d)).value();
      const std::string formula = consistency_formula(m, n);
      for (std::uint64_t size = 0; size <= kSizeMax + 2; ++size) {
        for (std::uint64_t old_size = 0; old_size <= kSizeMax + 2; ++old_size) {
          const bool same = old_size > 0 && old_size < size && consistency_formula(old_size, size) == formula;
          EXPECT_EQ(verify_consistency(old_size, naive_root(d.first(m)), size, naive_root(d), proof).ok(), same)
              << m << " to " << n << " claimed as " << old_size << " to " << size;
        }
      }
    }
  }
}

// Goal: what is no claim about a tree is kInvalid, at once and without reading a node.
TEST(Tree, refuses_what_lies_outside) {
  const NodeReader none = [](unsigned, std::uint64_t) -> Result<Hash> {
    ADD_FAILURE() << "a node was read";
    return Error{Code::kInternal, ""};
  };
  const Hash leaf{};
  const std::span<const Hash> one(&leaf, 1);
  struct {
    std::uint64_t first, count, size;
  } const ranges[] = {
      {0, 0, 5},         {0, 1, 0}, {5, 1, 5}, {4, 2, 5}, {UINT64_MAX, 1, 5}, {1, UINT64_MAX, 5}, {0, 1, kSizeMax + 1},
      {0, 1, UINT64_MAX}};
  for (const auto& [first, count, size] : ranges) {
    EXPECT_EQ(range_proof(first, count, size, none).error().code, Code::kInvalid) << first << " " << count << " " << size;
    if (count != 1) continue;
    EXPECT_EQ(verify_range(first, one, size, {}, leaf).error().code, Code::kInvalid) << first << " " << size;
  }
  EXPECT_EQ(verify_range(0, {}, 5, {}, leaf).error().code, Code::kInvalid);
  EXPECT_EQ(tree_root(kSizeMax + 1, none).error().code, Code::kInvalid);
  EXPECT_EQ(consistency_proof(6, 5, none).error().code, Code::kInvalid);
  EXPECT_EQ(consistency_proof(1, kSizeMax + 1, none).error().code, Code::kInvalid);
  EXPECT_EQ(verify_consistency(6, leaf, 5, leaf, {}).error().code, Code::kInvalid);
  EXPECT_EQ(verify_consistency(1, leaf, UINT64_MAX, leaf, {}).error().code, Code::kInvalid);
}

// Goal: the largest sizes work like the small ones, with proofs of at most 62 hashes; hostile lengths end quickly.
TEST(Tree, holds_up_to_the_largest_size) {
  // Every node of a level is the same hash: a tree of 2^62 equal leaves.
  std::vector<Hash> same{Hash{}};
  while (same.size() <= 62) same.push_back(testing::naive_node(same.back(), same.back()));
  const NodeReader equal = [&](unsigned level, std::uint64_t) -> Result<Hash> { return same[level]; };
  for (const std::uint64_t size : {kSizeMax, kSizeMax - 1, kSizeMax / 2 + 1, std::uint64_t{70'000}}) {
    const Hash root = tree_root(size, equal).value();
    for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, size / 3, size - 1}) {
      const Proof proof = inclusion_proof(index, size, equal).value();
      EXPECT_LE(proof.size(), 62U);
      EXPECT_TRUE(verify_inclusion(index, Hash{}, size, proof, root).ok()) << index << " of " << size;
      EXPECT_FALSE(verify_inclusion(index, Hash{}, size, {}, root).ok());
      EXPECT_FALSE(verify_inclusion(index, Hash{}, size, Proof(10'000), root).ok());
    }
    for (const std::uint64_t old_size : {std::uint64_t{1}, size / 3, size - 1}) {
      const Proof proof = consistency_proof(old_size, size, equal).value();
      const Hash old_root = tree_root(old_size, equal).value();
      EXPECT_TRUE(verify_consistency(old_size, old_root, size, root, proof).ok()) << old_size << " to " << size;
      EXPECT_FALSE(verify_consistency(old_size, old_root, size, root, Proof(10'000)).ok());
    }
  }
}

// Goal: a node that cannot be read ends the computation with the reader's own error.
TEST(Tree, hands_on_the_error_of_its_reader) {
  const NodeReader broken = [](unsigned, std::uint64_t) -> Result<Hash> { return corrupt("this node is damaged"); };
  EXPECT_EQ(tree_root(5, broken).error().message, "this node is damaged");
  EXPECT_EQ(range_proof(1, 2, 5, broken).error().message, "this node is damaged");
  EXPECT_EQ(inclusion_proof(4, 5, broken).error().message, "this node is damaged");
  EXPECT_EQ(consistency_proof(3, 5, broken).error().message, "this node is damaged");
}

}  // namespace
}  // namespace stele::merkle
