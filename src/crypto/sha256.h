// SHA-256 (FIPS 180-4), alone and as RFC 6962 section 2.1 uses it: SHA-256(0x00 ‖ entry) for a leaf,
// SHA-256(0x01 ‖ left ‖ right) for a node. All functions are thread-safe and cannot fail for input; they abort
// if OpenSSL cannot provide SHA-256 at all.
//
// Prefer the batch functions: they hash up to thirty-two messages at a time (crypto/sha256_lanes.h). A batch of 100
// entries takes a quarter to a third of the time that hashing them one by one does, a batch of 10 a little over half.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/bytes.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace stele::crypto {

// First byte of what is hashed for a leaf and for a node: keeps one from being passed off as the other.
inline constexpr std::uint8_t kLeafPrefix = 0x00;
inline constexpr std::uint8_t kNodePrefix = 0x01;

Hash sha256(ByteSpan message);

// SHA-256 of a message that comes in pieces. One object for one thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(Sha256&&) noexcept = default;
  ~Sha256() = default;

  void update(ByteSpan piece);

  // The hash of all pieces since construction or the last finish(); the object then starts anew.
  Hash finish();

 private:
  struct FreeContext {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
};

// Leaf hash of one entry; node hash of two children.
Hash hash_leaf(ByteSpan entry);
Hash hash_node(const Hash& left, const Hash& right);

// out[i] = hash_leaf(entries[i]) for all entries; `out` holds entries.size() hashes and overlaps no entry.
// Hash entries while they are hot in the cache: from memory it takes up to a third longer.
void hash_leaves(std::span<const ByteSpan> entries, Hash* out);

// out[i] = hash_node(children[2i], children[2i+1]) for i < pairs. `out` is either disjoint from `children` or equal to
// it: a level of a tree may be reduced in place.
void hash_nodes(const Hash* children, std::size_t pairs, Hash* out);

}  // namespace stele::crypto
