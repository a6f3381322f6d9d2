// The Merkle tree as RFC 6962 section 2.1 writes it, word for word and slow: what the real one is held against.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace stele::testing {

using Leaves = std::span<const Hash>;

// SHA-256(0x00 ‖ entry) and SHA-256(0x01 ‖ left ‖ right), in one piece each.
inline Hash naive_leaf(std::string_view entry) {
  std::string message(1, '\0');
  message += entry;
  return crypto::sha256(as_byte_span(message));
}
inline Hash naive_node(const Hash& left, const Hash& right) {
  std::string message(1, '\1');
  message += as_text(left);
  message += as_text(right);
  return crypto::sha256(as_byte_span(message));
}

// "leaf-0", "leaf-1", …, as in the vectors of tests/interop.
inline std::vector<Hash> numbered_leaves(std::uint64_t count) {
  std::vector<Hash> out;
  out.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(naive_leaf("leaf-" + std::to_string(i)));
  return out;
}

// The largest power of two smaller than n; n > 1.
inline std::uint64_t split_of(std::uint64_t n) {
  std::uint64_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

// MTH(D[n]), section 2.1.
inline Hash naive_root(Leaves d) {
  if (d.empty()) return crypto::sha256({});
  if (d.size() == 1) return d[0];
  const std::uint64_t k = split_of(d.size());
  return naive_node(naive_root(d.first(k)), naive_root(d.subspan(k)));
}

// PATH(m, D[n]), section 2.1.1.
inline std::vector<Hash> naive_path(std::uint64_t m, Leaves d) {
  if (d.size() <= 1) return {};
  const std::uint64_t k = split_of(d.size());
  std::vector<Hash> out = m < k ? naive_path(m, d.first(k)) : naive_path(m - k, d.subspan(k));
  out.push_back(m < k ? naive_root(d.subspan(k)) : naive_root(d.first(k)));
  return out;
}

// SUBPROOF(m, D[n], b), section 2.1.2; PROOF(m, D[n]) = SUBPROOF(m, D[n], true).
inline std::vector<Hash> naive_subproof(std::uint64_t m, Leaves d, bool b) {
  if (m == d.size()) return b ? std::vector<Hash>{} : std::vector<Hash>{naive_root(d)};
  const std::uint64_t k = split_of(d.size());
  std::vector<Hash> out = m <= k ? naive_subproof(m, d.first(k), b) : naive_subproof(m - k, d.subspan(k), false);
  out.push_back(m <= k ? naive_root(d.subspan(k)) : naive_root(d.first(k)));
  return out;
}

// The range proof of [a, b) as docs/formats/receipt.md defines it, for the subtree over d, whose first leaf is `lo`.
inline std::vector<Hash> naive_range(std::uint64_t a, std::uint64_t b, std::uint64_t lo, Leaves d) {
  const std::uint64_t hi = lo + d.size();
  if (a <= lo && hi <= b) return {};
  const std::uint64_t k = split_of(d.size());
  const std::uint64_t mid = lo + k;
  const bool left = lo < b && a < mid;
  const bool right = mid < b && a < hi;
  std::vector<Hash> out;
  if (left) out = naive_range(a, b, lo, d.first(k));
  if (right) {
    const auto more = naive_range(a, b, mid, d.subspan(k));
    out.insert(out.end(), more.begin(), more.end());
  }
  if (!right) out.push_back(naive_root(d.subspan(k)));
  if (!left) out.push_back(naive_root(d.first(k)));
  return out;
}

}  // namespace stele::testing
