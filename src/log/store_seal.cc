// Sealing and merging: from the journal's tail to segments.
#include <algorithm>
#include <utility>

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
  const bool due = whole == tile_end || tail_.bytes() >= std::min(options_.seal_bytes, options_.unsealed_bytes_max) ||
                   (!tail_.empty() && clock_.now() - tail_.oldest() >= options_.seal_age);
  if (!due) return sealed;
  const std::uint64_t fits = tail_.end_within(sealed, options_.segment_bytes_max) / kBundleEntries * kBundleEntries;
  return std::min(whole, std::max(fits, sealed + kBundleEntries));
}

double Store::backlog() const {
  const std::uint64_t unsealed = size() - sealed_size();
  if (unsealed < kBundleEntries) return 0;  // nothing can be sealed
  const std::shared_lock lock(mutex_);
  return std::max(static_cast<double>(unsealed) / (4 * kSegmentEntriesMax),
                  static_cast<double>(tail_.bytes()) / static_cast<double>(options_.unsealed_bytes_max));
}

bool Store::sealing_is_behind() const { return backlog() > 1; }

// The less there is to seal, the more the sealer leaves the processors to those who wait for an answer.
std::string Store::encode_segment(const SegmentInfo& info, std::span<const std::string_view> entries,
                                  std::span<const Hash> roots) {
  Pacer pacer;
  const auto rests = [this]() -> unsigned {
    const double behind = backlog();
    return behind >= 0.75 ? 0 : behind >= 0.5 ? 1 : 3;
  };
  return segment_writer_.encode(info, entries, roots, [&] { pacer.breathe(rests); });
}

Result<bool> Store::seal() {
  const std::uint64_t end = seal_end();
  if (end > sealed_size()) {
    STELE_TRY(seal_until(end));
    return true;
  }
  return merge_next();
}

// A level-1 tile that is whole and lies in several segments becomes one, unless it is too large to be put together in memory.
// False when there is none left.
Result<bool> Store::merge_next() {
  const std::uint64_t end = segments_->end_index() / kSegmentEntriesMax * kSegmentEntriesMax;
  while (merge_from_ < end && segments_->at(merge_from_).count == kSegmentEntriesMax) merge_from_ += kSegmentEntriesMax;
  if (merge_from_ >= end) return false;
  const std::uint64_t first = std::exchange(merge_from_, merge_from_ + kSegmentEntriesMax);
  auto tile = read_tile(first);
  if (!tile)
    damage_.add("the segments from entry " + std::to_string(first) + " on stay apart: " + tile.error().message);
  else if (*tile)
    STELE_TRY(merge_tile(**tile));
  return true;
}

// What is to be merged is hashed: the smaller segments go, and damage in one of them must not be sealed under a new
// checksum. Null when it is more than is put together in memory.
Result<std::unique_ptr<Store::MergedTile>> Store::read_tile(std::uint64_t first) const {
  std::uint64_t file_bytes = 0;
  for (std::uint64_t at = first; at < first + kSegmentEntriesMax;) {
    STELE_ASSIGN(const auto segment, segments_->find(at));
    file_bytes += segment->file_bytes();
    at = segment->info().end_index();
  }
  if (file_bytes > options_.merge_bytes_max) return std::unique_ptr<MergedTile>();
  auto tile = std::make_unique<MergedTile>();
  tile->keys.emplace();
  for (std::uint64_t at = first; at < first + kSegmentEntriesMax; at = tile->info.end_index()) {
    STELE_ASSIGN(const auto segment, segments_->find(at));
    tile->info = segment->info();
    STELE_ASSIGN(const std::string part, segment->read(at, tile->info.count));
    tile->bytes += part;
    if (tile->bytes.size() > options_.merge_bytes_max) return std::unique_ptr<MergedTile>();
    tile->roots.insert(tile->roots.end(), segment->bundle_roots().begin(), segment->bundle_roots().end());
    const auto known = read_window_file(files_, dir_ + "/window", tile->info.first_index, tile->info.count);
    if (tile->keys && known)
      tile->keys->insert(tile->keys->end(), known->begin(), known->end());
    else
      tile->keys.reset();
  }
  tile->info.first_index = first;
  tile->info.count = kSegmentEntriesMax;
  std::vector<ByteSpan> spans;
  STELE_TRY(event::for_each_entry(tile->bytes, [&](std::string_view entry) {
    tile->entries.push_back(entry);
    spans.push_back(as_byte_span(entry));
  }));
  std::vector<Hash> leaves(spans.size());
  crypto::hash_leaves(spans, leaves.data());
  for (std::size_t i = 0; i < tile->roots.size(); ++i) {
    if (merkle::root_of(std::span(leaves).subspan(i * kBundleEntries, kBundleEntries)) == tile->roots[i]) continue;
    return corrupt("entries from " + std::to_string(first + i * kBundleEntries) +
                   " on are not those that were sealed; run `stele verify`");
  }
  return tile;
}

Status Store::merge_tile(const MergedTile& tile) {
  const SegmentInfo& info = tile.info;
  STELE_TRY(segments_->add(info.first_index, info.count, encode_segment(info, tile.entries, tile.roots)));
  if (tile.keys) (void)write_window_file(files_, dir_ + "/window", info.first_index, info.count, *tile.keys);
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
  (void)write_window_file(files_, dir, info.first_index, info.count, keys);
  window_reach_.add(info.first_index, info.received_last, keys.size());
  (void)remove_window_files_before(fs_, dir, window_reach_.begin(clock_.now()));
}

}  // namespace stele::log
