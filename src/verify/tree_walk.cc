#include "verify/tree_walk.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "merkle/tile.h"
#include "merkle/tree.h"

namespace stele::verify {

using merkle::kTileWidth;

BundleHashes hash_bundle(std::uint64_t first_index, std::span<const Hash> leaves, std::span<const std::uint64_t> claim_sizes) {
  BundleHashes out;
  out.count = leaves.size();
  out.root = merkle::root_of(leaves);
  for (auto it = std::upper_bound(claim_sizes.begin(), claim_sizes.end(), first_index);
       it != claim_sizes.end() && *it < first_index + leaves.size(); ++it) {
    const std::uint64_t part = *it - first_index;
    if (!out.parts.contains(part)) out.parts[part] = merkle::root_of(leaves.first(part));
  }
  return out;
}

TreeWalk::TreeWalk(std::vector<Claim> claims) : claims_(std::move(claims)) {
  std::stable_sort(claims_.begin(), claims_.end(), [](const Claim& a, const Claim& b) { return a.size < b.size; });
  for (const Claim& claim : claims_) sizes_.push_back(claim.size);
}

TreeWalk TreeWalk::fork(std::vector<Claim> claims) const {
  TreeWalk walk(std::move(claims));
  walk.size_ = size_;
  walk.peaks_ = peaks_;
  walk.blind_ = blind_;
  return walk;
}

// Folds the peaks from the smallest to the largest, after `last` if there is a ragged rest.
Hash TreeWalk::fold(const Hash* last) const {
  if (peaks_.empty()) return last != nullptr ? *last : merkle::empty_root();
  auto it = peaks_.rbegin();
  Hash hash = last != nullptr ? *last : (it++)->second;
  for (; it != peaks_.rend(); ++it) hash = crypto::hash_node(it->second, hash);
  return hash;
}

void TreeWalk::judge(Claim& claim, const Hash& root) const {
  if (!blind_) claim.verdict = root == claim.root ? Verdict::kHolds : Verdict::kDiffers;
}

void TreeWalk::add(const BundleHashes& bundle) {
  const std::uint64_t end = size_ + bundle.count;
  for (; next_claim_ < claims_.size() && claims_[next_claim_].size < end; ++next_claim_) {
    Claim& claim = claims_[next_claim_];
    if (claim.size == size_) {
      judge(claim, fold(nullptr));
    } else if (const auto part = bundle.parts.find(claim.size - size_); part != bundle.parts.end()) {
      judge(claim, fold(&part->second));
    }
  }
  size_ = end;
  if (blind_) return;
  if (bundle.count < kTileWidth) {
    partial_ = bundle.root;
    has_partial_ = true;
    return;
  }
  bundle_roots_.push_back(bundle.root);
  peaks_.emplace_back(0, bundle.root);
  while (peaks_.size() > 1 && peaks_[peaks_.size() - 2].first == peaks_.back().first) {
    const Hash right = peaks_.back().second;
    peaks_.pop_back();
    peaks_.back() = {peaks_.back().first + 1, crypto::hash_node(peaks_.back().second, right)};
  }
}

void TreeWalk::skip(std::uint64_t count) {
  // What ends exactly here can still be judged.
  for (; next_claim_ < claims_.size() && claims_[next_claim_].size <= size_; ++next_claim_) judge(claims_[next_claim_], root());
  size_ += count;
  blind_ = true;
  while (next_claim_ < claims_.size() && claims_[next_claim_].size <= size_) ++next_claim_;
}

Hash TreeWalk::root() const { return blind_ ? Hash{} : fold(has_partial_ ? &partial_ : nullptr); }

void TreeWalk::finish() {
  for (; next_claim_ < claims_.size(); ++next_claim_) {
    Claim& claim = claims_[next_claim_];
    if (claim.size == size_)
      judge(claim, root());
    else
      claim.verdict = Verdict::kBeyond;
  }
}

}  // namespace stele::verify
