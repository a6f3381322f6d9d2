// Leaves and nodes a second, for each kernel this machine has and for the choice Stele makes itself.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "crypto/sha256.h"
#include "crypto/sha256_lanes.h"

namespace stele::crypto {
namespace {

constexpr int kChosen = -1;  // hash_leaves and hash_nodes as everyone calls them

struct Entries {
  std::vector<std::byte> bytes;
  std::vector<ByteSpan> spans;
  std::vector<Hash> hashes;
};

// `count` entries end to end. Ragged ones have 300 to 2,000 bytes.
Entries make_entries(std::size_t count, std::size_t size, bool ragged) {
  Entries entries;
  std::vector<std::size_t> sizes;
  std::size_t total = 0;
  std::uint32_t seed = 1;
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 1664525 + 1013904223;
    sizes.push_back(ragged ? 300 + (seed >> 8) % 1701 : size);
    total += sizes.back();
  }
  entries.bytes.assign(total, std::byte{'x'});
  std::size_t at = 0;
  for (const std::size_t n : sizes) {
    entries.spans.emplace_back(entries.bytes.data() + at, n);
    at += n;
  }
  entries.hashes.resize(count);
  return entries;
}

void run_leaves(benchmark::State& state, Entries entries, int kernel) {
  for (auto _ : state) {
    if (kernel == kChosen) {
      hash_leaves(entries.spans, entries.hashes.data());
    } else {
      hash_prefixed(static_cast<Sha256Kernel>(kernel), kLeafPrefix, entries.spans, entries.hashes.data());
    }
    benchmark::DoNotOptimize(entries.hashes.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries.spans.size()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(entries.bytes.size()));
}

void run_nodes(benchmark::State& state, std::size_t pairs, int kernel) {
  const std::vector<Hash> children(2 * pairs, Hash{1, 2, 3});
  std::vector<Hash> parents(pairs);
  for (auto _ : state) {
    if (kernel == kChosen) {
      hash_nodes(children.data(), pairs, parents.data());
    } else {
      hash_nodes(static_cast<Sha256Kernel>(kernel), children.data(), pairs, parents.data());
    }
    benchmark::DoNotOptimize(parents.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(pairs));
}

void register_kernel(const std::string& name, int kernel) {
  for (const std::size_t size : {std::size_t{705}, std::size_t{950}}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{10}, std::size_t{100}, std::size_t{1000}}) {
      benchmark::RegisterBenchmark(("leaves/" + std::to_string(size) + "B/" + std::to_string(count) + "/" + name).c_str(),
                                   [=](benchmark::State& state) { run_leaves(state, make_entries(count, size, false), kernel); });
    }
  }
  for (const std::size_t count : {std::size_t{100}, std::size_t{1000}}) {
    benchmark::RegisterBenchmark(("leaves/300-2000B/" + std::to_string(count) + "/" + name).c_str(),
                                 [=](benchmark::State& state) { run_leaves(state, make_entries(count, 0, true), kernel); });
  }
  // 100 MB: no cache holds it.
  benchmark::RegisterBenchmark(("leaves/705B/from_memory/" + name).c_str(),
                               [=](benchmark::State& state) { run_leaves(state, make_entries(150'000, 705, false), kernel); });
  for (const std::size_t pairs : {std::size_t{1}, std::size_t{8}, std::size_t{128}}) {
    benchmark::RegisterBenchmark(("nodes/" + std::to_string(pairs) + "/" + name).c_str(),
                                 [=](benchmark::State& state) { run_nodes(state, pairs, kernel); });
  }
}

}  // namespace
}  // namespace stele::crypto

int main(int argc, char** argv) {
  using namespace stele::crypto;
  benchmark::Initialize(&argc, argv);
  register_kernel("chosen", kChosen);
  for (const Sha256Kernel kernel : available_kernels()) {
    register_kernel(std::string(kernel_name(kernel)), static_cast<int>(kernel));
  }
  benchmark::RunSpecifiedBenchmarks();
}
