// SHA-256 with the SHA extensions of x86 (SHA-NI), up to four messages interleaved: one message alone waits for the
// latency of each instruction.
//
// sha256rnds2 does two rounds on a state held as two vectors {A,B,E,F} and {C,D,G,H}, highest word first.
#if defined(__x86_64__)

#include <immintrin.h>

#include "crypto/sha256_stream.h"

#define STELE_SHANI [[gnu::target("sha,sse4.1")]]
#define STELE_SHANI_INLINE [[gnu::target("sha,sse4.1"), gnu::always_inline]] inline

namespace stele::crypto::lanes::shani {
namespace {

constexpr std::size_t kWays = 4;

struct State {
  __m128i abef;
  __m128i cdgh;
};

// Four message words each, in the order of the schedule.
struct Words {
  __m128i w[4];
};

STELE_SHANI_INLINE __m128i load(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }

STELE_SHANI_INLINE __m128i swap_words(__m128i bytes) {
  return _mm_shuffle_epi8(bytes, _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
}

STELE_SHANI_INLINE State load_state(const std::uint32_t* state) {
  const __m128i cdab = _mm_shuffle_epi32(load(state), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
  return {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

// Inverse of load_state: words A to D, then E to H, lowest first.
STELE_SHANI_INLINE void split(const State& s, __m128i& abcd, __m128i& efgh) {
  const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
  abcd = _mm_blend_epi16(feba, dchg, 0xf0);
  efgh = _mm_alignr_epi8(dchg, feba, 8);
}

// One block of each of N messages (FIPS 180-4 section 6.2.2), whose words are used up.
template <std::size_t N>
STELE_SHANI_INLINE void compress(State (&s)[N], Words (&m)[N]) {
  State before[N];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < N; ++i) before[i] = s[i];
#pragma GCC unroll 16
  for (std::size_t group = 0; group < 16; ++group) {
    const __m128i k = load(kRound + 4 * group);
    const std::size_t g0 = group % 4, g1 = (group + 1) % 4, g2 = (group + 2) % 4, g3 = (group + 3) % 4;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < N; ++i) {
      __m128i* w = m[i].w;
      if (group >= 4) {
        const __m128i partial = _mm_sha256msg1_epu32(w[g0], w[g1]);
        w[g0] = _mm_sha256msg2_epu32(_mm_add_epi32(partial, _mm_alignr_epi8(w[g3], w[g2], 4)), w[g3]);
      }
      const __m128i wk = _mm_add_epi32(w[g0], k);
      s[i].cdgh = _mm_sha256rnds2_epu32(s[i].cdgh, s[i].abef, wk);
      s[i].abef = _mm_sha256rnds2_epu32(s[i].abef, s[i].cdgh, _mm_shuffle_epi32(wk, 0x0e));
    }
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < N; ++i) {
    s[i].abef = _mm_add_epi32(s[i].abef, before[i].abef);
    s[i].cdgh = _mm_add_epi32(s[i].cdgh, before[i].cdgh);
  }
}

// The next `blocks` blocks, which each stream has in one piece.
template <std::size_t N>
STELE_SHANI void advance(Stream* const* streams, std::size_t blocks) {
  State s[N];
  const std::uint8_t* p[N];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < N; ++i) {
    s[i] = load_state(streams[i]->state);
    p[i] = streams[i]->run().data();
  }
  for (std::size_t b = 0; b < blocks; ++b) {
    Words m[N];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < N; ++i) {
#pragma GCC unroll 4
      for (std::size_t j = 0; j < 4; ++j) m[i].w[j] = swap_words(load(p[i] + 16 * j));
      p[i] += kBlock;
    }
    compress(s, m);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < N; ++i) {
    __m128i abcd, efgh;
    split(s[i], abcd, efgh);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(streams[i]->state), abcd);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(streams[i]->state + 4), efgh);
    streams[i]->done += blocks;
  }
}

void advance_all(Stream* const* streams, std::size_t count, std::size_t blocks) {
  switch (count) {
    case 1: return advance<1>(streams, blocks);
    case 2: return advance<2>(streams, blocks);
    case 3: return advance<3>(streams, blocks);
    default: return advance<kWays>(streams, blocks);
  }
}

// out[i] of N consecutive nodes. Their children are read before anything is written.
// A node is 65 bytes: 0x01 and the first 63 of its children fill a block, the last byte begins the next.
template <std::size_t N>
STELE_SHANI void hash_some_nodes(const Hash* children, Hash* out) {
  const __m128i prefix = _mm_set_epi64x(0, 0x01);
  const __m128i size_bits = _mm_set_epi32(65 * 8, 0, 0, 0);
  State s[N];
  Words first[N], second[N];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < N; ++i) {
    const auto* pair = reinterpret_cast<const std::uint8_t*>(children + 2 * i);
    const __m128i c0 = load(pair), c1 = load(pair + 16), c2 = load(pair + 32), c3 = load(pair + 48);
    first[i].w[0] = swap_words(_mm_or_si128(_mm_slli_si128(c0, 1), prefix));
    first[i].w[1] = swap_words(_mm_alignr_epi8(c1, c0, 15));
    first[i].w[2] = swap_words(_mm_alignr_epi8(c2, c1, 15));
    first[i].w[3] = swap_words(_mm_alignr_epi8(c3, c2, 15));
    second[i].w[0] = _mm_cvtsi32_si128(static_cast<int>(std::uint32_t{pair[63]} << 24 | 0x00800000));
    second[i].w[1] = second[i].w[2] = _mm_setzero_si128();
    second[i].w[3] = size_bits;
    s[i] = load_state(kInitial);
  }
  compress(s, first);
  compress(s, second);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < N; ++i) {
    __m128i abcd, efgh;
    split(s[i], abcd, efgh);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[i].data()), swap_words(abcd));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[i].data() + 16), swap_words(efgh));
  }
}

}  // namespace

void hash_queue(Queue& queue, std::span<Stream*> started) {
  Stream own[kWays];
  Stream* active[kWays];
  Stream* idle[kWays] = {&own[0], &own[1], &own[2], &own[3]};
  std::size_t active_count = 0, idle_count = kWays, resumed = 0;
  for (;;) {
    while (active_count < kWays && resumed < started.size()) active[active_count++] = started[resumed++];
    while (active_count < kWays && !queue.empty()) {
      active[active_count++] = idle[--idle_count];
      active[active_count - 1]->start(queue);
    }
    if (active_count == 0) return;
    std::size_t shortest = active[0]->run().size();
    for (std::size_t i = 1; i < active_count; ++i) shortest = std::min(shortest, active[i]->run().size());
    advance_all(active, active_count, shortest / kBlock);
    for (std::size_t i = active_count; i-- > 0;) {
      if (active[i]->done < active[i]->total) continue;
      active[i]->store_hash();
      if (idle_count < kWays) idle[idle_count++] = active[i];
      active[i] = active[--active_count];
    }
  }
}

void hash_nodes(const Hash* children, std::size_t pairs, Hash* out) {
  std::size_t i = 0;
  for (; i + kWays <= pairs; i += kWays) hash_some_nodes<kWays>(children + 2 * i, out + i);
  for (; i + 2 <= pairs; i += 2) hash_some_nodes<2>(children + 2 * i, out + i);
  if (i < pairs) hash_some_nodes<1>(children + 2 * i, out + i);
}

}  // namespace stele::crypto::lanes::shani

#endif  // __x86_64__
