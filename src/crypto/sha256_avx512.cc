// SHA-256 with AVX-512: each vector holds one 32-bit word of sixteen messages, and two such sets of sixteen run
// interleaved, because one set alone waits for the latency of its additions (Zen 5: 230 ns for a block of each of
// sixteen, 300 ns for thirty-two).
//
// Lanes are refilled as their messages end, longest message first, so that ragged batches keep them busy.
#if defined(__x86_64__)

// GCC 12 takes the deliberately undefined operands in its own intrinsics for mistakes (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "crypto/sha256_stream.h"

#define STELE_AVX512 [[gnu::target("avx512f,avx512bw")]]
#define STELE_AVX512_INLINE [[gnu::target("avx512f,avx512bw"), gnu::always_inline]] inline

namespace stele::crypto::lanes::avx512 {
namespace {

constexpr std::size_t kSet = 16;  // messages in a vector
constexpr std::size_t kWays = kAvx512Ways;
static_assert(kWays == 2 * kSet);

using Vector = __m512i;

struct State {
  Vector v[8];  // A to H
};
struct Words {
  Vector w[16];
};

STELE_AVX512_INLINE Vector add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
STELE_AVX512_INLINE Vector all(std::uint32_t word) { return _mm512_set1_epi32(static_cast<int>(word)); }
STELE_AVX512_INLINE Vector xor3(Vector a, Vector b, Vector c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
STELE_AVX512_INLINE Vector choose(Vector e, Vector f, Vector g) { return _mm512_ternarylogic_epi32(e, f, g, 0xca); }
STELE_AVX512_INLINE Vector majority(Vector a, Vector b, Vector c) { return _mm512_ternarylogic_epi32(a, b, c, 0xe8); }

// The functions of FIPS 180-4 section 4.1.2.
STELE_AVX512_INLINE Vector big_sigma0(Vector x) {
  return xor3(_mm512_ror_epi32(x, 2), _mm512_ror_epi32(x, 13), _mm512_ror_epi32(x, 22));
}
STELE_AVX512_INLINE Vector big_sigma1(Vector x) {
  return xor3(_mm512_ror_epi32(x, 6), _mm512_ror_epi32(x, 11), _mm512_ror_epi32(x, 25));
}
STELE_AVX512_INLINE Vector small_sigma0(Vector x) {
  return xor3(_mm512_ror_epi32(x, 7), _mm512_ror_epi32(x, 18), _mm512_srli_epi32(x, 3));
}
STELE_AVX512_INLINE Vector small_sigma1(Vector x) {
  return xor3(_mm512_ror_epi32(x, 17), _mm512_ror_epi32(x, 19), _mm512_srli_epi32(x, 10));
}

// One round. Instead of moving the eight variables along, round t takes them at positions shifted by t.
STELE_AVX512_INLINE void round(State& s, std::size_t t, Vector k, Vector w) {
  Vector& d = s.v[(11 - t) % 8];
  Vector& h = s.v[(15 - t) % 8];
  const Vector a = s.v[(8 - t) % 8], b = s.v[(9 - t) % 8], c = s.v[(10 - t) % 8];
  const Vector e = s.v[(12 - t) % 8], f = s.v[(13 - t) % 8], g = s.v[(14 - t) % 8];
  // What is known early is added early: left alone, the compiler regroups the sum and lengthens the wait for the next e.
  Vector early = add(h, add(k, w));
  asm("" : "+v"(early));
  early = add(early, choose(e, f, g));
  asm("" : "+v"(early));
  const Vector t1 = add(early, big_sigma1(e));
  d = add(d, t1);
  h = add(add(big_sigma0(a), majority(a, b, c)), t1);
}

// Word t + 16 of the schedule in place of word t.
STELE_AVX512_INLINE void extend(Words& m, std::size_t t) {
  Vector* w = m.w;
  w[t] = add(add(w[t], small_sigma0(w[(t + 1) % 16])), add(w[(t + 9) % 16], small_sigma1(w[(t + 14) % 16])));
}

// One block of thirty-two messages (FIPS 180-4 section 6.2.2), whose words are used up.
STELE_AVX512 [[gnu::noinline]] void compress(State& s_state, State& u_state, Words& m, Words& n) {
  State s = s_state, u = u_state;
#pragma GCC unroll 1
  for (const std::uint32_t* constant = kRound; constant != kRound + 48; constant += 16) {
#pragma GCC unroll 16
    for (std::size_t t = 0; t < 16; ++t) {
      const Vector k = all(constant[t]);
      round(s, t % 8, k, m.w[t]);
      round(u, t % 8, k, n.w[t]);
      extend(m, t);
      extend(n, t);
    }
  }
#pragma GCC unroll 16
  for (std::size_t t = 0; t < 16; ++t) {
    const Vector k = all(kRound[48 + t]);
    round(s, t % 8, k, m.w[t]);
    round(u, t % 8, k, n.w[t]);
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i) {
    s_state.v[i] = add(s_state.v[i], s.v[i]);
    u_state.v[i] = add(u_state.v[i], u.v[i]);
  }
}

// Rows to columns: word j of block i becomes word i of vector j, big-endian bytes turned into words.
STELE_AVX512_INLINE void transpose(Vector (&r)[16]) {
  const Vector swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
  Vector q[16];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 16; i += 4) {
    const Vector a = _mm512_shuffle_epi8(r[i], swap), b = _mm512_shuffle_epi8(r[i + 1], swap);
    const Vector c = _mm512_shuffle_epi8(r[i + 2], swap), d = _mm512_shuffle_epi8(r[i + 3], swap);
    const Vector ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
    const Vector cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
    q[i] = _mm512_unpacklo_epi64(ab_low, cd_low);
    q[i + 1] = _mm512_unpackhi_epi64(ab_low, cd_low);
    q[i + 2] = _mm512_unpacklo_epi64(ab_high, cd_high);
    q[i + 3] = _mm512_unpackhi_epi64(ab_high, cd_high);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    const Vector even_top = _mm512_shuffle_i32x4(q[i], q[4 + i], 0x88), odd_top = _mm512_shuffle_i32x4(q[i], q[4 + i], 0xdd);
    const Vector even_low = _mm512_shuffle_i32x4(q[8 + i], q[12 + i], 0x88);
    const Vector odd_low = _mm512_shuffle_i32x4(q[8 + i], q[12 + i], 0xdd);
    r[i] = _mm512_shuffle_i32x4(even_top, even_low, 0x88);
    r[4 + i] = _mm512_shuffle_i32x4(odd_top, odd_low, 0x88);
    r[8 + i] = _mm512_shuffle_i32x4(even_top, even_low, 0xdd);
    r[12 + i] = _mm512_shuffle_i32x4(odd_top, odd_low, 0xdd);
  }
}

STELE_AVX512_INLINE void load_words(Words& m, const std::uint8_t* const* blocks) {
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kSet; ++i) m.w[i] = _mm512_loadu_si512(blocks[i]);
  transpose(m.w);
}

// Thirty-two streams, kept by columns so that one step moves them all on without a branch.
struct Lanes {
  alignas(64) std::uint32_t state[2][8][kSet];
  alignas(64) const std::uint8_t* block[kWays];   // where the next block lies
  alignas(64) std::uint64_t stride[kWays];        // to the one after it: 64, or 0 in an idle lane
  alignas(64) const std::uint8_t* direct[kWays];  // Stream::direct
  alignas(64) const std::uint8_t* staged[kWays];  // Stream::staged + 64
  alignas(64) std::uint64_t done[kWays];
  alignas(64) std::uint64_t direct_end[kWays];
  alignas(64) std::uint64_t total[kWays];
  Stream streams[kWays];
};

// The low `count` bits, count up to 64.
std::uint64_t low_bits(std::size_t count) { return count < 64 ? (std::uint64_t{1} << count) - 1 : ~std::uint64_t{0}; }

// Stream::start with masked loads, which touch no byte outside the message, in place of copies of variable length.
STELE_AVX512 void start_lane(Lanes& lanes, std::size_t lane, Queue& queue) {
  const std::size_t index = queue.take();
  const ByteSpan body = queue.bodies[index];
  const std::byte* bytes = body.data();
  const std::size_t size = body.size() + 1;
  const std::size_t full = size / kBlock;
  const std::size_t rest = size % kBlock;
  const std::size_t padded = rest < kLengthAt ? 1 : 2;
  Stream& stream = lanes.streams[lane];
  std::uint8_t* tail = full == 0 ? stream.staged : stream.staged + kBlock;

  // The first 63 bytes, moved up by one to make room for the prefix.
  const Vector head = _mm512_maskz_loadu_epi8(low_bits(std::min(body.size(), kBlock - 1)), bytes);
  const Vector below = _mm512_alignr_epi32(head, _mm512_setzero_si512(), 12);
  Vector block = _mm512_alignr_epi8(head, below, 15);
  block = _mm512_mask_mov_epi8(block, 1, _mm512_set1_epi8(static_cast<char>(queue.prefix)));
  const Vector end_mark = _mm512_set1_epi8(static_cast<char>(0x80));
  const __mmask64 at_rest = std::uint64_t{1} << rest;
  if (full == 0) {
    block = _mm512_mask_mov_epi8(block, at_rest, end_mark);
  } else {
    const Vector last = _mm512_maskz_loadu_epi8(low_bits(rest), bytes + (body.size() - rest));
    _mm512_store_si512(tail, _mm512_mask_mov_epi8(last, at_rest, end_mark));
  }
  _mm512_store_si512(stream.staged, block);
  _mm512_store_si512(tail + kBlock, _mm512_setzero_si512());
  Stream::store_be64(tail + padded * kBlock - 8, std::uint64_t{size} * 8);

  const auto* direct = full == 0 ? stream.staged : reinterpret_cast<const std::uint8_t*>(bytes) + (kBlock - 1);
  stream.out = queue.out[index].data();
  stream.direct = lanes.direct[lane] = direct;
  stream.direct_end = lanes.direct_end[lane] = std::max<std::size_t>(full, 1);
  stream.total = lanes.total[lane] = full + padded;
  lanes.block[lane] = stream.staged;
  lanes.stride[lane] = kBlock;
  lanes.staged[lane] = stream.staged + kBlock;
  lanes.done[lane] = 0;
}

// A lane without a message hashes its staged bytes over and over, for nobody.
void idle_lane(Lanes& lanes, std::size_t lane) {
  const std::uint8_t* staged = lanes.streams[lane].staged;
  lanes.block[lane] = lanes.direct[lane] = lanes.staged[lane] = staged;
  lanes.stride[lane] = 0;
  lanes.done[lane] = 0;
  lanes.direct_end[lane] = lanes.total[lane] = ~std::uint64_t{0};
}

// The hash of one lane, from the states of sixteen.
void store_column(const std::uint32_t (&columns)[8][kSet], std::size_t lane, std::uint8_t* out) {
  for (std::size_t i = 0; i < 8; ++i) store_le(out + 4 * i, __builtin_bswap32(columns[i][lane]));
}

void take_state(Lanes& lanes, std::size_t lane) {
  Stream& stream = lanes.streams[lane];
  for (std::size_t i = 0; i < 8; ++i) stream.state[i] = lanes.state[lane / kSet][i][lane % kSet];
  stream.done = lanes.done[lane];
}

// Hashes the next block of every lane; those in `fresh` begin a message. Returns the lanes whose message ended.
STELE_AVX512 std::uint32_t step(Lanes& lanes, std::uint32_t fresh) {
  State s, u;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i) {
    const Vector initial = all(kInitial[i]);
    s.v[i] = _mm512_mask_mov_epi32(_mm512_load_si512(lanes.state[0][i]), static_cast<__mmask16>(fresh), initial);
    u.v[i] = _mm512_mask_mov_epi32(_mm512_load_si512(lanes.state[1][i]), static_cast<__mmask16>(fresh >> 16), initial);
  }
  Words m, n;
  load_words(m, lanes.block);
  load_words(n, lanes.block + kSet);
  compress(s, u, m, n);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i) {
    _mm512_store_si512(lanes.state[0][i], s.v[i]);
    _mm512_store_si512(lanes.state[1][i], u.v[i]);
  }

  __mmask8 ended[kWays / 8];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kWays; i += 8) {
    const Vector one = _mm512_set1_epi64(1);
    const Vector done = _mm512_add_epi64(_mm512_load_si512(lanes.done + i), one);
    const __mmask8 to_direct = _mm512_cmpeq_epi64_mask(done, one);
    const __mmask8 to_staged = _mm512_cmpeq_epi64_mask(done, _mm512_load_si512(lanes.direct_end + i));
    Vector block = _mm512_add_epi64(_mm512_load_si512(lanes.block + i), _mm512_load_si512(lanes.stride + i));
    block = _mm512_mask_mov_epi64(block, to_direct, _mm512_load_si512(lanes.direct + i));
    block = _mm512_mask_mov_epi64(block, to_staged, _mm512_load_si512(lanes.staged + i));
    _mm512_store_si512(lanes.block + i, block);
    _mm512_store_si512(lanes.done + i, done);
    ended[i / 8] = _mm512_cmpeq_epi64_mask(done, _mm512_load_si512(lanes.total + i));
  }
  // Not widened and shifted as integers: GCC 12 may store a mask as 16 bits and read it back as 32 (seen under TSan).
  // Unpacking ignores what is above.
  return _mm512_kunpackw(_mm512_kunpackb(ended[3], ended[2]), _mm512_kunpackb(ended[1], ended[0]));
}

}  // namespace

void hash_queue(Queue& queue, bool help) {
  Lanes lanes;
  std::memset(lanes.state, 0, sizeof lanes.state);
  std::uint32_t active = 0;
  std::size_t active_count = 0;
  for (std::size_t lane = 0; lane < kWays; ++lane) {
    if (queue.empty()) {
      std::memset(lanes.streams[lane].staged, 0, sizeof lanes.streams[lane].staged);
      idle_lane(lanes, lane);
    } else {
      start_lane(lanes, lane, queue);
      active |= std::uint32_t{1} << lane;
      ++active_count;
    }
  }
  const std::size_t enough = help ? kAvx512Worthwhile : 1;
  std::uint32_t fresh = active;
  while (active_count >= enough) {
    std::uint32_t ended = step(lanes, fresh);
    fresh = 0;
    for (; ended != 0; ended &= ended - 1) {
      const auto lane = static_cast<std::size_t>(std::countr_zero(ended));
      store_column(lanes.state[lane / kSet], lane % kSet, lanes.streams[lane].out);
      if (queue.empty()) {
        idle_lane(lanes, lane);
        active &= ~(std::uint32_t{1} << lane);
        --active_count;
      } else {
        start_lane(lanes, lane, queue);
        fresh |= std::uint32_t{1} << lane;
      }
    }
  }
  if (active == 0) return;
  Stream* unfinished[kWays];
  std::size_t count = 0;
  for (; active != 0; active &= active - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(active));
    take_state(lanes, lane);
    if ((fresh >> lane & 1) != 0) std::memcpy(lanes.streams[lane].state, kInitial, sizeof kInitial);
    unfinished[count++] = &lanes.streams[lane];
  }
  shani::hash_queue(queue, {unfinished, count});
}

// The first block of sixteen nodes and the first word of the second, from sixteen pairs of children of which only
// `count` (at least one) exist; the other lanes repeat the last.
// The 64 bytes of two children, moved on by one for the prefix, are a block; the 65th byte begins the second.
STELE_AVX512_INLINE Vector load_nodes(Words& m, const Hash* children, std::size_t count) {
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kSet; ++i) m.w[i] = _mm512_loadu_si512(children + 2 * std::min(i, count - 1));
  transpose(m.w);
  const Vector last_byte = _mm512_slli_epi32(m.w[15], 24);
#pragma GCC unroll 16
  for (std::size_t i = 15; i > 0; --i) {
    m.w[i] = _mm512_or_si512(_mm512_slli_epi32(m.w[i - 1], 24), _mm512_srli_epi32(m.w[i], 8));
  }
  m.w[0] = _mm512_or_si512(_mm512_srli_epi32(m.w[0], 8), all(std::uint32_t{kNodePrefix} << 24));
  return _mm512_or_si512(last_byte, all(0x00800000));
}

// The second block of a node, but for its first word: zeros and the length in bits.
STELE_AVX512_INLINE void pad_nodes(Words& m, Vector first_word) {
  m.w[0] = first_word;
#pragma GCC unroll 16
  for (std::size_t i = 1; i < 15; ++i) m.w[i] = _mm512_setzero_si512();
  m.w[15] = all(8 * (1 + 2 * sizeof(Hash)));
}

STELE_AVX512 void hash_nodes(const Hash* children, std::size_t pairs, Hash* out) {
  alignas(64) std::uint32_t columns[2][8][kSet];
  while (pairs > 0) {
    const std::size_t count = std::min(pairs, kWays);
    State s, u;
    Words m, n;
    const Vector s_second = load_nodes(m, children, std::min(count, kSet));
    const Vector u_second = load_nodes(n, children + 2 * std::min(count - 1, kSet), count <= kSet ? 1 : count - kSet);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) s.v[i] = u.v[i] = all(kInitial[i]);
#pragma GCC unroll 1
    for (int block = 0; block < 2; ++block) {
      compress(s, u, m, n);
      pad_nodes(m, s_second);
      pad_nodes(n, u_second);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      _mm512_store_si512(columns[0][i], s.v[i]);
      _mm512_store_si512(columns[1][i], u.v[i]);
    }
    for (std::size_t i = 0; i < count; ++i) store_column(columns[i / kSet], i % kSet, out[i].data());
    children += 2 * count;
    out += count;
    pairs -= count;
  }
}

}  // namespace stele::crypto::lanes::avx512

#endif  // __x86_64__
