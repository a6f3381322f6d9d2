#include "search/hits.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "event/entry.h"

namespace stele::search {
namespace {

constexpr std::size_t kRun = 16;       // hits that one thread reads one after the other
constexpr std::size_t kManyHits = 32;  // from there on a thread is worth its start

// Reads the entries of hits that lie in one block, and of that block no others than lie between them.
Status read_block(std::span<Hit> hits, const log::Store& store) {
  const auto [least, most] = std::ranges::minmax(hits, {}, &Hit::index);
  STELE_ASSIGN(const std::string bytes, store.read(least.index, most.index - least.index + 1));
  std::vector<std::string_view> entries;
  STELE_TRY(event::for_each_entry(bytes, [&](std::string_view entry) { entries.push_back(entry); }));
  for (Hit& hit : hits) {
    const std::uint64_t at = hit.index - least.index;
    if (at >= entries.size()) return corrupt("entry " + std::to_string(hit.index) + " is not where it should be");
    hit.entry = entries[at];
  }
  return {};
}

Status read_run(std::span<Hit> hits, const log::Store& store) {
  while (!hits.empty()) {
    const std::uint64_t block = hits.front().index / log::kBlockEntries;
    const auto other = [block](const Hit& hit) { return hit.index / log::kBlockEntries != block || !hit.entry.empty(); };
    const auto held = static_cast<std::size_t>(std::ranges::find_if(hits, other) - hits.begin());
    if (held > 0) STELE_TRY(read_block(hits.first(held), store));
    hits = hits.subspan(std::max<std::size_t>(held, 1));
  }
  return {};
}

}  // namespace

Status read_hits(std::span<Hit> hits, const std::shared_ptr<const log::Store>& store) {
  if (hits.size() < kManyHits) return read_run(hits, *store);
  std::mutex mutex;
  Status status;
  for_each_in_parallel((hits.size() + kRun - 1) / kRun, [&](std::size_t i) {
    const Status read = read_run(hits.subspan(i * kRun, std::min(kRun, hits.size() - i * kRun)), *store);
    const std::lock_guard lock(mutex);
    if (!read) status = read;
  });
  return status;
}

}  // namespace stele::search
