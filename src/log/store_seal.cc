// Sealing and merging: from the journal's tail to segments.
#include <algorithm>

#include "base/threads.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "log/store.h"
#include "log/window_file.h"

namespace stele::log {

// Up to where to seal now; sealed_size() when nothing is due.
std::uint64_t Store::seal_end() const {
  const std::uint64_t sealed = sealed_size();
  const std::uint64_t tile_end = (sealed / kSegmentEntriesMax + 1) * kSegmentEntriesMax;
  const std::uint64_t whole = std::min(size() / kBundleEntries * kBundleEntries, tile_end);
  if (whole <= sealed) return sealed;
  const std::shared_lock lock(mutex_);
  const bool due = whole == tile_end || tail_.bytes() >= options_.seal_bytes ||
                   (!tail_.empty() && clock_.now() - tail_.oldest() >= options_.seal_age);
  return due ? whole : sealed;
}

bool Store::sealing_is_behind() const { return size() - sealed_size() > 4 * kSegmentEntriesMax; }

// The less there is to seal, the more the sealer leaves the processors to those who wait for an answer.
std::string Store::encode_segment(const SegmentInfo& info, std::span<const std::string_view> entries,
                                  std::span<const Hash> roots) {
  Pacer pacer;
  return segment_writer_.encode(info, entries, roots, [&] {
    const std::uint64_t unsealed = size() - sealed_size();
    pacer.breathe(unsealed >= 3 * kSegmentEntriesMax ? 0 : unsealed >= 2 * kSegmentEntriesMax ? 1 : 3);
  });
}

Result<bool> Store::seal() {
  const std::uint64_t end = seal_end();
  if (end > sealed_size()) {
    STELE_TRY(seal_until(end));
    return true;
  }
  // A level-1 tile that is whole and lies in several segments becomes one.
  const auto segments = segments_->list();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].count == kSegmentEntriesMax || segments[i].first_index % kSegmentEntriesMax != 0) continue;
    const std::uint64_t first = segments[i].first_index;
    if (first + kSegmentEntriesMax > segments_->end_index()) break;
    STELE_TRY(merge_tile(first));
    return true;
  }
  return false;
}

// The segments of the level-1 tile that starts at `first` become one. What is merged is hashed first: the smaller
// segments go, and damage in one of them must not be sealed under a new checksum.
Status Store::merge_tile(std::uint64_t first) {
  std::string bytes;
  std::vector<Hash> roots;
  SegmentInfo info;
  std::optional<std::vector<WindowKey>> keys(std::in_place);
  for (std::uint64_t at = first; at < first + kSegmentEntriesMax; at = info.end_index()) {
    STELE_ASSIGN(const auto segment, segments_->find(at));
    info = segment->info();
    STELE_ASSIGN(const std::string part, segment->read(at, info.count));
    bytes += part;
    roots.insert(roots.end(), segment->bundle_roots().begin(), segment->bundle_roots().end());
    const auto known = read_window_file(fs_, dir_ + "/window", info.first_index, info.count);
    if (keys && known)
      keys->insert(keys->end(), known->begin(), known->end());
    else
      keys.reset();
  }
  info.first_index = first;
  info.count = kSegmentEntriesMax;
  std::vector<std::string_view> entries;
  std::vector<ByteSpan> spans;
  STELE_TRY(event::for_each_entry(bytes, [&](std::string_view entry) {
    entries.push_back(entry);
    spans.push_back(as_byte_span(entry));
  }));
  std::vector<Hash> leaves(spans.size());
  crypto::hash_leaves(spans, leaves.data());
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (merkle::root_of(std::span(leaves).subspan(i * kBundleEntries, kBundleEntries)) == roots[i]) continue;
    return corrupt("entries from " + std::to_string(first + i * kBundleEntries) +
                   " on are not those that were sealed; run `stele verify`");
  }
  STELE_TRY(segments_->add(first, kSegmentEntriesMax, encode_segment(info, entries, roots)));
  if (keys) (void)write_window_file(fs_, dir_ + "/window", first, kSegmentEntriesMax, *keys);
  return {};
}

// Order: segment durable → tree files durable → readers switch → journal space freed.
Status Store::seal_until(std::uint64_t end) {
  const std::uint64_t first = sealed_size();
  const std::vector<Tail::BlockPtr> blocks = [this] {
    const std::shared_lock lock(mutex_);
    return tail_.blocks();
  }();
  SegmentInfo info;
  info.first_index = first;
  info.count = static_cast<std::uint32_t>(end - first);
  std::vector<std::string_view> entries;
  entries.reserve(info.count);
  for (const auto& block : blocks) {
    if (block->end_index() <= first) continue;
    if (block->first_index >= end) break;
    const std::uint64_t from = std::max(first, block->first_index);
    const std::uint64_t to = std::min(end, block->end_index());
    STELE_TRY(event::for_each_entry(block->encoded(from, to - from), [&](std::string_view entry) { entries.push_back(entry); }));
    info.commit = block->commit;
    info.commit_digest = block->commit_digest;
  }
  // A block holds several batches: the time is the last entry's own.
  const auto received = event::read_received(entries.back());
  if (!received) return Error{Code::kInternal, "entry " + std::to_string(end - 1) + " has no time of receipt in its place"};
  info.received_last = *received;
  std::vector<Hash> roots;
  {
    const std::shared_lock lock(mutex_);
    for (std::uint64_t bundle = first / kBundleEntries; bundle < end / kBundleEntries; ++bundle) {
      const auto root = levels_.node(merkle::kTileHeight, bundle);
      if (!root) return Error{Code::kInternal, "the root of unsealed bundle " + std::to_string(bundle) + " is not held"};
      roots.push_back(*root);
    }
  }
  STELE_TRY(segments_->add(first, info.count, encode_segment(info, entries, roots)));
  STELE_TRY(tree_files_->append(roots));
  remember_segment_keys(info, blocks);
  std::vector<Tail::BlockPtr> dropped;  // freed without the lock
  {
    const std::unique_lock lock(mutex_);
    sealed_size_.store(end, std::memory_order_release);
    dropped = tail_.drop_before(end);
    levels_.drop_before(end);
  }
  const std::lock_guard lock(journal_mutex_);
  journal_->release(end);
  return {};
}

// The keys beside a segment only save rereading it at the next open: when they cannot be written nothing is lost.
void Store::remember_segment_keys(const SegmentInfo& info, std::span<const Tail::BlockPtr> blocks) {
  std::vector<WindowKey> keys;
  for (const auto& block : blocks) {
    for (std::size_t i = 0; i < block->keys.size(); ++i) {
      const std::uint64_t index = block->first_index + i;
      if (block->keys[i] == 0 || index < info.first_index || index >= info.end_index()) continue;
      keys.push_back({block->keys[i], index});
    }
  }
  const std::string dir = dir_ + "/window";
  (void)write_window_file(fs_, dir, info.first_index, info.count, keys);
  (void)remove_old_window_files(fs_, dir, info.end_index(), options_.window_keys_max);
}

}  // namespace stele::log
