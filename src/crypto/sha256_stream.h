// What the SHA-256 kernels share and nobody else includes: the constants of FIPS 180-4, the queue of messages to hash
// and the cutting of one message into 64-byte blocks. Kernels never touch a byte outside a message: its first block
// (which begins with the prefix) and its last one or two (which hold the padding) are staged in the stream itself.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace stele::crypto::lanes {

inline constexpr std::size_t kBlock = 64;           // bytes that one compression takes in
inline constexpr std::size_t kLengthAt = 56;        // where the last block holds the length in bits, big-endian
inline constexpr std::size_t kPrefetchAhead = 8;    // messages
inline constexpr std::size_t kPrefetchSize = 1024;  // bytes of one; past it the processor follows by itself

// FIPS 180-4 section 4.2.2: first 32 bits of the fractional parts of the cube roots of the first 64 primes.
alignas(64) inline constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// FIPS 180-4 section 5.3.3: the state before the first block.
alignas(32) inline constexpr std::uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Messages prefix ‖ bodies[order[i]], hashed into out[order[i]] for i from `next` to `count`.
struct Queue {
  std::uint8_t prefix;
  const ByteSpan* bodies;
  Hash* out;
  const std::uint16_t* order;
  std::size_t count;
  std::size_t next = 0;

  [[nodiscard]] bool empty() const { return next == count; }

  // The index of the next message, which exists. Calls a later one into the cache: entries that come from memory then
  // hash twice as fast, entries that are there already two per cent slower.
  std::size_t take() {
    if (count - next > kPrefetchAhead) {
      const ByteSpan body = bodies[order[next + kPrefetchAhead]];
      const std::size_t size = std::min(body.size(), kPrefetchSize);
      for (std::size_t at = 0; at < size; at += kBlock) __builtin_prefetch(body.data() + at);
    }
    return order[next++];
  }
};

// One message on its way through a kernel: blocks [0, done) of `total` are in `state`.
// Block 0 is staged[0, 64); blocks 1 to direct_end - 1 lie in the message, at `direct` and on; the rest is staged
// from byte 64 on. A message of at most two blocks is staged whole and has direct_end 1.
struct Stream {
  alignas(64) std::uint8_t staged[3 * kBlock];
  std::uint32_t state[8];
  const std::uint8_t* direct;
  std::uint8_t* out;
  std::size_t direct_end;
  std::size_t total;
  std::size_t done;

  // Takes the next message of `queue`, which is not empty.
  void start(Queue& queue) {
    const std::size_t index = queue.take();
    const ByteSpan body = queue.bodies[index];
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
    const std::size_t size = body.size() + 1;
    const std::size_t full = size / kBlock;
    const std::size_t rest = size % kBlock;
    const std::size_t padded = rest < kLengthAt ? 1 : 2;
    std::uint8_t* tail = full == 0 ? staged : staged + kBlock;
    std::memset(tail, 0, 2 * kBlock);
    if (full == 0) {
      if (!body.empty()) std::memcpy(staged + 1, bytes, body.size());
    } else {
      std::memcpy(staged + 1, bytes, kBlock - 1);
      std::memcpy(tail, bytes + (body.size() - rest), rest);
      direct = bytes + (kBlock - 1);
    }
    staged[0] = queue.prefix;
    tail[rest] = 0x80;
    store_be64(tail + padded * kBlock - 8, std::uint64_t{size} * 8);
    if (full == 0) direct = staged + kBlock;
    out = queue.out[index].data();
    direct_end = std::max<std::size_t>(full, 1);
    total = full + padded;
    done = 0;
    std::memcpy(state, kInitial, sizeof state);
  }

  // Where block `done` lies, and how many follow it in one piece (itself included).
  [[nodiscard]] std::span<const std::uint8_t> run() const {
    if (done == 0) return {staged, direct_end == 1 ? total * kBlock : kBlock};
    if (done < direct_end) return {direct + (done - 1) * kBlock, (direct_end - done) * kBlock};
    return {staged + kBlock + (done - direct_end) * kBlock, (total - done) * kBlock};
  }

  void store_hash() const {
    for (std::size_t i = 0; i < 8; ++i) store_le(out + 4 * i, __builtin_bswap32(state[i]));
  }

  static void store_be64(std::uint8_t* p, std::uint64_t v) { store_le(p, __builtin_bswap64(v)); }
};

// The kernels. Each may only be called where its instructions exist (available_kernels()). `out` of hash_nodes as in
// crypto/sha256.h.
namespace shani {
// Finishes `started`, then hashes the whole queue. Overwrites the pointers of `started`.
void hash_queue(Queue& queue, std::span<Stream*> started);
void hash_nodes(const Hash* children, std::size_t pairs, Hash* out);
}  // namespace shani

namespace avx512 {
// Hashes the queue. With `help`, leaves the last messages, too few to fill the lanes, to the SHA-NI kernel.
void hash_queue(Queue& queue, bool help);
void hash_nodes(const Hash* children, std::size_t pairs, Hash* out);
}  // namespace avx512

inline constexpr std::size_t kAvx512Ways = 32;  // messages at a time

// From how many messages on one AVX-512 step is cheaper than the same blocks through SHA-NI. Measured on Zen 5:
// 300 ns for up to 32 blocks, against 20 ns a block.
inline constexpr std::size_t kAvx512Worthwhile = 16;

}  // namespace stele::crypto::lanes
