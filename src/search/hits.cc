#include "search/hits.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "search/entry_reader.h"

namespace stele::search {
namespace {

constexpr std::size_t kRun = 16;   // hits that one thread reads one after the other
constexpr std::size_t kMany = 32;  // from there on a thread is worth its start

Status read_run(std::span<Hit> hits, const std::shared_ptr<const log::Store>& store) {
  EntryReader reader(store);
  for (Hit& hit : hits) {
    if (!hit.entry.empty()) continue;
    STELE_ASSIGN(hit.entry, reader.read(hit.index));
  }
  return {};
}

}  // namespace

Status read_hits(std::span<Hit> hits, const std::shared_ptr<const log::Store>& store) {
  if (hits.size() < kMany) return read_run(hits, store);
  std::mutex mutex;
  Status status;
  for_each_in_parallel((hits.size() + kRun - 1) / kRun, [&](std::size_t i) {
    const Status read = read_run(hits.subspan(i * kRun, std::min(kRun, hits.size() - i * kRun)), store);
    const std::lock_guard lock(mutex);
    if (!read) status = read;
  });
  return status;
}

}  // namespace stele::search
