#include "crypto/sha256_lanes.h"

#include <array>
#include <cassert>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "crypto/sha256.h"
#include "crypto/sha256_stream.h"

namespace stele::crypto {
namespace {

// Messages sorted at a time: enough that the lanes seldom run dry, few enough for the second-level cache.
constexpr std::size_t kSorted = 512;

// Up to here all messages of a batch run at once on SHA-NI, so their order does not matter.
constexpr std::size_t kUnsorted = 4;

struct Features {
  bool shani = false;
  bool avx512 = false;
  std::array<Sha256Kernel, 3> kernels{Sha256Kernel::kPortable};
  std::size_t count = 1;
};

Features detect() {
  Features found;
#if defined(__x86_64__)
  constexpr unsigned kShaBit = 1u << 29;  // leaf 7, EBX; its registers are those of SSE, which every system saves
  unsigned a = 0, b = 0, c = 0, d = 0;
  found.shani = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kShaBit) != 0 && __builtin_cpu_supports("sse4.1");
  // These say also that the operating system saves the registers (XCR0).
  found.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
#endif
  if (found.shani) found.kernels[found.count++] = Sha256Kernel::kShaNi;
  if (found.avx512) found.kernels[found.count++] = Sha256Kernel::kAvx512;
  return found;
}

const Features& features() {
  static const Features found = detect();
  return found;
}

[[maybe_unused]] bool is_available(Sha256Kernel kernel) {
  const auto kernels = available_kernels();
  return std::ranges::find(kernels, kernel) != kernels.end();
}

Sha256Kernel best_kernel(std::size_t messages) {
  const Features& have = features();
  if (have.avx512 && messages >= lanes::kAvx512Worthwhile) return Sha256Kernel::kAvx512;
  return have.shani ? Sha256Kernel::kShaNi : Sha256Kernel::kPortable;
}

void hash_portable(std::uint8_t prefix, std::span<const ByteSpan> bodies, Hash* out) {
  thread_local Sha256 hasher;
  for (const ByteSpan body : bodies) {
    hasher.update({reinterpret_cast<const std::byte*>(&prefix), 1});
    hasher.update(body);
    *out++ = hasher.finish();
  }
}

// Fills `order` with the messages of a chunk, the longest first, so that none is left running alone at the end.
// A counting sort by blocks: comparing would cost a tenth of the hashing.
void sort_by_length(std::span<const ByteSpan> bodies, std::uint16_t* order) {
  constexpr std::size_t kBuckets = 64;  // the first for all of 63 blocks and more
  const auto bucket = [](ByteSpan body) { return kBuckets - 1 - std::min(body.size() / lanes::kBlock, kBuckets - 1); };
  std::array<std::uint16_t, kBuckets> next{};
  for (const ByteSpan body : bodies) ++next[bucket(body)];
  std::uint16_t begin = 0;
  for (std::uint16_t& slot : next) {
    const std::uint16_t size = slot;
    slot = begin;
    begin = static_cast<std::uint16_t>(begin + size);
  }
  for (std::size_t i = 0; i < bodies.size(); ++i) order[next[bucket(bodies[i])]++] = static_cast<std::uint16_t>(i);
}

// `help`: an AVX-512 batch may end on SHA-NI.
void hash_chunk(Sha256Kernel kernel, bool help, std::uint8_t prefix, std::span<const ByteSpan> bodies, Hash* out) {
  if (kernel == Sha256Kernel::kPortable) return hash_portable(prefix, bodies, out);
#if defined(__x86_64__)
  std::uint16_t order[kSorted];
  if (bodies.size() > kUnsorted) {
    sort_by_length(bodies, order);
  } else {
    for (std::size_t i = 0; i < bodies.size(); ++i) order[i] = static_cast<std::uint16_t>(i);
  }
  lanes::Queue queue{prefix, bodies.data(), out, order, bodies.size()};
  if (kernel == Sha256Kernel::kShaNi) return lanes::shani::hash_queue(queue, {});
  lanes::avx512::hash_queue(queue, help);
#else
  static_cast<void>(help);
#endif
}

}  // namespace

std::string_view kernel_name(Sha256Kernel kernel) {
  switch (kernel) {
    case Sha256Kernel::kPortable: return "openssl";
    case Sha256Kernel::kShaNi: return "sha-ni";
    case Sha256Kernel::kAvx512: return "avx-512";
  }
  return "";
}

std::span<const Sha256Kernel> available_kernels() { return {features().kernels.data(), features().count}; }

void hash_prefixed(std::uint8_t prefix, std::span<const ByteSpan> bodies, Hash* out) {
  while (!bodies.empty()) {
    const auto chunk = bodies.first(std::min(bodies.size(), kSorted));
    hash_chunk(best_kernel(chunk.size()), features().shani, prefix, chunk, out);
    bodies = bodies.subspan(chunk.size());
    out += chunk.size();
  }
}

void hash_prefixed(Sha256Kernel kernel, std::uint8_t prefix, std::span<const ByteSpan> bodies, Hash* out) {
  assert(is_available(kernel));
  while (!bodies.empty()) {
    const auto chunk = bodies.first(std::min(bodies.size(), kSorted));
    hash_chunk(kernel, false, prefix, chunk, out);
    bodies = bodies.subspan(chunk.size());
    out += chunk.size();
  }
}

void hash_nodes(Sha256Kernel kernel, const Hash* children, std::size_t pairs, Hash* out) {
  assert(is_available(kernel));
#if defined(__x86_64__)
  if (kernel == Sha256Kernel::kAvx512) return lanes::avx512::hash_nodes(children, pairs, out);
  if (kernel == Sha256Kernel::kShaNi) return lanes::shani::hash_nodes(children, pairs, out);
#endif
  for (std::size_t i = 0; i < pairs; ++i) {
    const ByteSpan body = std::as_bytes(std::span(children + 2 * i, 2));
    hash_portable(kNodePrefix, {&body, 1}, out + i);
  }
}

void hash_nodes(const Hash* children, std::size_t pairs, Hash* out) {
  const std::size_t rest = pairs % lanes::kAvx512Ways;
  const std::size_t wide = best_kernel(rest) == Sha256Kernel::kAvx512 ? pairs : pairs - rest;
  if (wide > 0) hash_nodes(best_kernel(wide), children, wide, out);
  if (wide < pairs) hash_nodes(best_kernel(pairs - wide), children + 2 * wide, pairs - wide, out + wide);
}

}  // namespace stele::crypto
