#include "crypto/sha256.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

#include "crypto/sha256_lanes.h"

namespace stele::crypto {
namespace {

[[noreturn]] void die() {
  std::fputs("stele: OpenSSL failed: SHA-256\n", stderr);
  std::abort();
}

// Fetching by name costs more than hashing a node, so it is done once.
const EVP_MD* algorithm() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  if (md == nullptr) die();
  return md;
}

void start(EVP_MD_CTX* context) {
  if (context == nullptr || EVP_DigestInit_ex2(context, algorithm(), nullptr) != 1) die();
}

}  // namespace

void Sha256::FreeContext::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { start(context_.get()); }

void Sha256::update(ByteSpan piece) {
  if (EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) != 1) die();
}

Hash Sha256::finish() {
  Hash hash;
  if (EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) != 1) die();
  start(context_.get());
  return hash;
}

Hash sha256(ByteSpan message) {
  thread_local Sha256 hasher;
  hasher.update(message);
  return hasher.finish();
}

Hash hash_leaf(ByteSpan entry) {
  Hash hash;
  hash_leaves({&entry, 1}, &hash);
  return hash;
}

Hash hash_node(const Hash& left, const Hash& right) {
  const std::array<Hash, 2> children{left, right};
  Hash hash;
  hash_nodes(children.data(), 1, &hash);
  return hash;
}

void hash_leaves(std::span<const ByteSpan> entries, Hash* out) { hash_prefixed(kLeafPrefix, entries, out); }

}  // namespace stele::crypto
