// A tree rebuilt from its entries, bundle by bundle, and every signed state held against it on the way.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "verify/report.h"

namespace stele::verify {

// A signed state to check: what it claims, and where it stands.
struct Claim {
  std::uint64_t size = 0;
  Hash root{};
  std::string where;
};

// What one bundle contributes: its root when whole, and the roots of the leading parts at which claims end.
struct BundleHashes {
  Hash root{};                          // of all its leaves
  std::uint64_t count = 0;              // 256, or fewer at the end of the log
  std::map<std::uint64_t, Hash> parts;  // leaves in front → their root, for claims that end within
};

// Hashes a bundle's leaves; `claims` are the sizes, sorted, of all claims.
BundleHashes hash_bundle(std::uint64_t first_index, std::span<const Hash> leaves, std::span<const std::uint64_t> claim_sizes);

class TreeWalk {
 public:
  // Claims in any order.
  TreeWalk(std::vector<Claim> claims, Report& report);

  // A walk that goes on from here, with claims of its own, all beyond size().
  [[nodiscard]] TreeWalk fork(std::vector<Claim> claims, Report& report) const;

  [[nodiscard]] const std::vector<std::uint64_t>& claim_sizes() const { return sizes_; }

  // The next bundle; checks the claims that end within it.
  void add(const BundleHashes& bundle);

  // The log ends here: claims beyond are entries that are missing.
  void finish();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;
  // Roots of the whole bundles so far.
  [[nodiscard]] const std::vector<Hash>& bundle_roots() const { return bundle_roots_; }

 private:
  [[nodiscard]] Hash fold(const Hash* last) const;

  std::vector<Claim> claims_;  // by size
  std::vector<std::uint64_t> sizes_;
  std::size_t next_claim_ = 0;
  Report& report_;
  std::uint64_t size_ = 0;
  std::vector<Hash> bundle_roots_;
  std::vector<std::pair<unsigned, Hash>> peaks_;  // level above bundles, largest first
  Hash partial_{};
  bool has_partial_ = false;
};

}  // namespace stele::verify
