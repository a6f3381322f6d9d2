// The Merkle tree of RFC 6962 section 2.1 as pure mathematics: roots, proofs and their verification. No I/O.
//
// D[n] is the list of the first n leaves. A *node* (level, index) is the root of the perfect subtree over the leaves
// [index << level, (index + 1) << level). Sizes go up to 2^62.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace stele::merkle {

inline constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 62;

using Proof = std::vector<Hash>;

// Hands out the hash of a perfect subtree that lies wholly inside the tree; an error ends the computation with it.
using NodeReader = std::function<Result<Hash>(unsigned level, std::uint64_t index)>;

// SHA-256 of nothing: the root of the tree without leaves.
Hash empty_root();

// MTH of these leaf hashes.
Hash root_of(std::span<const Hash> leaves);

// MTH(D[size]), from its perfect subtrees.
Result<Hash> tree_root(std::uint64_t size, const NodeReader& nodes);

// The proof that D[size] holds the leaves [first, first + count): a subtree proof that generalises the audit path of
// RFC 6962 section 2.1.1 and equals it for one leaf (docs/formats/receipt.md). kInvalid for an empty or outlying range.
Result<Proof> range_proof(std::uint64_t first, std::uint64_t count, std::uint64_t size, const NodeReader& nodes);

// PATH(index, D[size]) of RFC 6962 section 2.1.1, leaf to root.
Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& nodes);

// PROOF(old_size, D[size]) of RFC 6962 section 2.1.2. Empty when the sizes are equal or old_size is 0.
Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const NodeReader& nodes);

// Success only if `proof`, used up exactly, shows that `leaves` stand at [first, first + leaves.size()) under `root`.
Status verify_range(std::uint64_t first, std::span<const Hash> leaves, std::uint64_t size, const Proof& proof, const Hash& root);
Status verify_inclusion(std::uint64_t index, const Hash& leaf, std::uint64_t size, const Proof& proof, const Hash& root);

// Success only if `proof`, used up exactly, shows that D[old_size] is a prefix of D[size].
Status verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t size, const Hash& root, const Proof& proof);

// Turns a range proof into the inclusion proof of one of its leaves, without asking the log.
Result<Proof> inclusion_from_range(std::uint64_t first, std::span<const Hash> leaves, std::uint64_t size, const Proof& proof,
                                   std::uint64_t index);

}  // namespace stele::merkle
