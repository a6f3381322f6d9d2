#include "merkle/tree.h"

#include <bit>
#include <string>

#include "crypto/sha256.h"

namespace stele::merkle {
namespace {

struct Span {
  std::uint64_t lo;
  std::uint64_t hi;

  [[nodiscard]] std::uint64_t size() const { return hi - lo; }
  [[nodiscard]] bool inside(const Span& other) const { return lo >= other.lo && hi <= other.hi; }
  [[nodiscard]] bool meets(const Span& other) const { return lo < other.hi && other.lo < hi; }
  // Where RFC 6962 splits: after the largest power of two smaller than the size.
  [[nodiscard]] std::uint64_t middle() const { return lo + std::bit_floor(size() - 1); }
};

// MTH of a subtree as the recursion of RFC 6962 meets it: perfect, or ragged at the right edge of the tree.
Result<Hash> subtree_root(Span at, const NodeReader& nodes) {
  if (std::has_single_bit(at.size())) {
    const auto level = static_cast<unsigned>(std::countr_zero(at.size()));
    return nodes(level, at.lo >> level);
  }
  const std::uint64_t mid = at.middle();
  STELE_ASSIGN(const Hash left, subtree_root({at.lo, mid}, nodes));
  STELE_ASSIGN(const Hash right, subtree_root({mid, at.hi}, nodes));
  return crypto::hash_node(left, right);
}

Status collect_range(Span at, const Span& range, const NodeReader& nodes, Proof& out) {
  if (at.inside(range)) return {};
  const std::uint64_t mid = at.middle();
  const Span left{at.lo, mid};
  const Span right{mid, at.hi};
  for (const Span& half : {left, right}) {
    if (half.meets(range)) STELE_TRY(collect_range(half, range, nodes, out));
  }
  for (const Span& half : {left, right}) {
    if (half.meets(range)) continue;
    STELE_ASSIGN(const Hash hash, subtree_root(half, nodes));
    out.push_back(hash);
  }
  return {};
}

// SUBPROOF of RFC 6962 section 2.1.2; `known` while the old tree's root is the verifier's own.
Status collect_consistency(Span at, std::uint64_t old_size, bool known, const NodeReader& nodes, Proof& out) {
  if (at.hi == old_size) {
    if (known) return {};
    STELE_ASSIGN(const Hash hash, subtree_root(at, nodes));
    out.push_back(hash);
    return {};
  }
  const std::uint64_t mid = at.middle();
  const bool in_left = old_size <= mid;
  STELE_TRY(collect_consistency(in_left ? Span{at.lo, mid} : Span{mid, at.hi}, old_size, known && in_left, nodes, out));
  STELE_ASSIGN(const Hash hash, subtree_root(in_left ? Span{mid, at.hi} : Span{at.lo, mid}, nodes));
  out.push_back(hash);
  return {};
}

// Rebuilds a root from the leaves of a range and its proof. `wanted`, when inside, gets its audit path collected.
class RangeFold {
 public:
  RangeFold(std::uint64_t first, std::span<const Hash> leaves, const Proof& proof)
      : range_{first, first + leaves.size()}, leaves_(leaves), proof_(proof) {}

  Hash fold(Span at) {
    if (at.inside(range_) && !(path_ != nullptr && at.lo <= wanted_ && wanted_ < at.hi && at.size() > 1)) {
      return root_of(leaves_.subspan(at.lo - range_.lo, at.size()));
    }
    const std::uint64_t mid = at.middle();
    const Span left{at.lo, mid};
    const Span right{mid, at.hi};
    const bool use_left = left.meets(range_);
    const bool use_right = right.meets(range_);
    Hash l{};
    Hash r{};
    if (use_left) l = fold(left);
    if (use_right) r = fold(right);
    if (!use_left) l = next();
    if (!use_right) r = next();
    if (path_ != nullptr && at.lo <= wanted_ && wanted_ < at.hi) path_->push_back(wanted_ < mid ? r : l);
    return crypto::hash_node(l, r);
  }

  void collect_path(std::uint64_t index, Proof& out) {
    wanted_ = index;
    path_ = &out;
  }

  [[nodiscard]] bool used_exactly() const { return !short_ && at_ == proof_.size(); }

 private:
  Hash next() {
    if (at_ < proof_.size()) return proof_[at_++];
    short_ = true;
    return {};
  }

  Span range_;
  std::span<const Hash> leaves_;
  const Proof& proof_;
  std::size_t at_ = 0;
  bool short_ = false;
  std::uint64_t wanted_ = 0;
  Proof* path_ = nullptr;
};

Status check_range(std::uint64_t first, std::uint64_t count, std::uint64_t size) {
  if (size > kSizeMax) return invalid("tree size " + std::to_string(size) + " is over 2^62");
  if (count == 0 || first >= size || count > size - first) {
    return invalid("leaves [" + std::to_string(first) + ", +" + std::to_string(count) + ") do not lie in a tree of size " +
                   std::to_string(size));
  }
  return {};
}

}  // namespace

Hash empty_root() { return crypto::sha256({}); }

Hash root_of(std::span<const Hash> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves[0];
  // Bottom up; an odd last node moves up unchanged, which is the same tree.
  std::vector<Hash> level((leaves.size() + 1) / 2);
  crypto::hash_nodes(leaves.data(), leaves.size() / 2, level.data());
  if (leaves.size() % 2 != 0) level.back() = leaves.back();
  std::size_t count = level.size();
  while (count > 1) {
    const Hash odd = level[count - 1];
    crypto::hash_nodes(level.data(), count / 2, level.data());
    if (count % 2 != 0) level[count / 2] = odd;
    count = (count + 1) / 2;
  }
  return level[0];
}

Result<Hash> tree_root(std::uint64_t size, const NodeReader& nodes) {
  if (size == 0) return empty_root();
  STELE_TRY(check_range(0, size, size));
  return subtree_root({0, size}, nodes);
}

Result<Proof> range_proof(std::uint64_t first, std::uint64_t count, std::uint64_t size, const NodeReader& nodes) {
  STELE_TRY(check_range(first, count, size));
  Proof proof;
  STELE_TRY(collect_range({0, size}, {first, first + count}, nodes, proof));
  return proof;
}

Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& nodes) {
  return range_proof(index, 1, size, nodes);
}

Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const NodeReader& nodes) {
  if (old_size > size || size > kSizeMax) {
    return invalid("no consistency proof from size " + std::to_string(old_size) + " to " + std::to_string(size));
  }
  Proof proof;
  if (old_size == 0 || old_size == size) return proof;
  STELE_TRY(collect_consistency({0, size}, old_size, true, nodes, proof));
  return proof;
}

Status verify_range(std::uint64_t first, std::span<const Hash> leaves, std::uint64_t size, const Proof& proof, const Hash& root) {
  STELE_TRY(check_range(first, leaves.size(), size));
  RangeFold fold(first, leaves, proof);
  const Hash computed = fold.fold({0, size});
  if (!fold.used_exactly()) return invalid("the proof has not the number of hashes that its range and size call for");
  if (computed != root) return invalid("the proof leads to another root than the checkpoint's");
  return {};
}

Status verify_inclusion(std::uint64_t index, const Hash& leaf, std::uint64_t size, const Proof& proof, const Hash& root) {
  return verify_range(index, std::span(&leaf, 1), size, proof, root);
}

Status verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t size, const Hash& root,
                          const Proof& proof) {
  if (old_size > size || size > kSizeMax) return invalid("the old tree is larger than the new one");
  if (old_size == 0 || old_size == size) {
    if (!proof.empty()) return invalid("a trivial consistency proof has no hashes");
    if (old_size == 0 && old_root != empty_root()) return invalid("the root of size 0 is not the empty root");
    if (old_size == size && old_root != root) return invalid("two different roots for one size");
    return {};
  }
  // RFC 9162 section 2.1.4.2.
  std::size_t at = 0;
  std::uint64_t fn = old_size - 1;
  std::uint64_t sn = size - 1;
  const auto drop = static_cast<unsigned>(std::countr_one(fn));
  fn >>= drop;
  sn >>= drop;
  Hash old_fold = old_root;
  if (!std::has_single_bit(old_size)) {
    if (proof.empty()) return invalid("the consistency proof is too short");
    old_fold = proof[at++];
  }
  Hash new_fold = old_fold;
  for (; at < proof.size(); ++at) {
    if (sn == 0) return invalid("the consistency proof is too long");
    const Hash& hash = proof[at];
    if ((fn & 1) != 0 || fn == sn) {
      old_fold = crypto::hash_node(hash, old_fold);
      new_fold = crypto::hash_node(hash, new_fold);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      new_fold = crypto::hash_node(new_fold, hash);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return invalid("the consistency proof is too short");
  if (old_fold != old_root) return invalid("the consistency proof leads to another old root");
  if (new_fold != root) return invalid("the consistency proof leads to another new root");
  return {};
}

Result<Proof> inclusion_from_range(std::uint64_t first, std::span<const Hash> leaves, std::uint64_t size, const Proof& proof,
                                   std::uint64_t index) {
  STELE_TRY(check_range(first, leaves.size(), size));
  if (index < first || index - first >= leaves.size()) return invalid("the leaf lies outside the proven range");
  Proof path;
  RangeFold fold(first, leaves, proof);
  fold.collect_path(index, path);
  (void)fold.fold({0, size});
  if (!fold.used_exactly()) return invalid("the proof has not the number of hashes that its range and size call for");
  return path;
}

}  // namespace stele::merkle
