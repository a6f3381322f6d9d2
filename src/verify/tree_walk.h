// A tree rebuilt from its entries, bundle by bundle, and every signed state held against it on the way.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace stele::verify {

enum class Verdict : std::uint8_t {
  kUnknown,  // not looked at yet, or what it covers could not be read
  kHolds,
  kDiffers,  // the entries lead to another root
  kBeyond,   // it covers more entries than are here
};

// A signed state to check: what it claims, and by whom.
struct Claim {
  std::uint64_t size = 0;
  Hash root{};
  std::uint32_t source = 0;  // the owner's number for it
  Verdict verdict = Verdict::kUnknown;
};

// What one bundle contributes: its root when whole, and the roots of the leading parts at which claims end.
struct BundleHashes {
  Hash root{};                          // of all its leaves
  std::uint64_t count = 0;              // 256, or fewer at the end of the log
  std::map<std::uint64_t, Hash> parts;  // leaves in front → their root, for claims that end within
};

// Hashes a bundle's leaves; `claim_sizes` are the sizes, sorted, of all claims.
BundleHashes hash_bundle(std::uint64_t first_index, std::span<const Hash> leaves, std::span<const std::uint64_t> claim_sizes);

class TreeWalk {
 public:
  // Claims in any order.
  explicit TreeWalk(std::vector<Claim> claims);

  // A walk that goes on from here, with claims of its own, none below size().
  [[nodiscard]] TreeWalk fork(std::vector<Claim> claims) const;

  [[nodiscard]] const std::vector<std::uint64_t>& claim_sizes() const { return sizes_; }
  [[nodiscard]] const std::vector<Claim>& claims() const { return claims_; }  // by size

  // The next bundle; judges the claims that end within it. One that stands in for entries that could not be read has no
  // parts: such claims stay unknown.
  void add(const BundleHashes& bundle);

  // `count` entries of which nothing is known: from here on the tree cannot be rebuilt, and no claim be judged.
  void skip(std::uint64_t count);
  [[nodiscard]] bool blind() const { return blind_; }

  // The log ends here: claims beyond are entries that are missing.
  void finish();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Of what was added; zeros when blind.
  [[nodiscard]] Hash root() const;
  // Roots of the whole bundles up to where the walk went blind.
  [[nodiscard]] const std::vector<Hash>& bundle_roots() const { return bundle_roots_; }

 private:
  [[nodiscard]] Hash fold(const Hash* last) const;
  void judge(Claim& claim, const Hash& root) const;

  std::vector<Claim> claims_;
  std::vector<std::uint64_t> sizes_;
  std::size_t next_claim_ = 0;
  std::uint64_t size_ = 0;
  std::vector<Hash> bundle_roots_;
  std::vector<std::pair<unsigned, Hash>> peaks_;  // level above bundles, largest first
  Hash partial_{};
  bool has_partial_ = false;
  bool blind_ = false;
};

}  // namespace stele::verify
