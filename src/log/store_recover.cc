// Opening a log: what is found on disk is checked, linked, and made durable again before anything new is signed.
#include <algorithm>
#include <bit>

#include "crypto/sha256.h"
#include "event/entry.h"
#include "log/store.h"
#include "log/window_file.h"

namespace stele::log {

Result<std::unique_ptr<Store>> Store::open(io::FileSystem& fs, std::string dir, StoreOptions options, merkle::NoteSigner signer,
                                           const Clock& clock) {
  std::unique_ptr<Store> store(new Store(fs, std::move(dir), options, std::move(signer), clock));
  const Status recovered = store->recover();
  if (!recovered) return recovered.error().in("log " + store->dir_);
  return store;
}

Status Store::recover() {
  STELE_ASSIGN(identity_, read_identity(fs_, dir_));
  if (signer_.verifier() != identity_.key) return invalid("the signing key is not the log's");
  for (const char* part : {"/journal", "/segments", "/tree", "/window"}) STELE_TRY(fs_.make_dirs(dir_ + part));
  STELE_ASSIGN(segments_, SegmentSet::open(fs_, dir_ + "/segments", identity_.id));
  STELE_TRY(segments_->remove_leftovers());
  segment_writer_ = SegmentWriter(identity_.id);

  const std::uint64_t sealed = segments_->end_index();
  STELE_ASSIGN(tree_files_, TreeFiles::open(fs_, dir_ + "/tree", sealed / kBundleEntries));
  while (tree_files_->count(1) < sealed / kBundleEntries) {
    const std::uint64_t at = tree_files_->count(1) * kBundleEntries;
    STELE_ASSIGN(const auto segment, segments_->find(at));
    STELE_TRY(tree_files_->append(segment->bundle_roots().subspan((at - segment->info().first_index) / kBundleEntries)));
  }
  merkle::Proof frontier;
  for (unsigned level = 62; level > 0; --level) {
    if ((sealed >> level & 1) == 0) continue;
    STELE_ASSIGN(const Hash hash, stored_node(level, (sealed >> level) - 1));
    frontier.push_back(hash);
  }
  levels_ = merkle::Levels(sealed, frontier);
  sealed_size_ = sealed;
  size_ = sealed;
  if (sealed > 0) {
    STELE_ASSIGN(const auto last, segments_->find(sealed - 1));
    commit_ = last->info().commit;
    commit_digest_ = last->info().commit_digest;
    last_received_ = last->info().received_last;
  }

  STELE_TRY(recover_journal());

  const std::string checkpoints = dir_ + "/checkpoints";
  STELE_ASSIGN(const CheckpointScan scan, scan_checkpoints(fs_, checkpoints));
  STELE_TRY(check_against_published(scan));
  STELE_ASSIGN(checkpoint_file_, CheckpointFile::open(fs_, checkpoints, scan.checkpoints.size()));
  STELE_TRY(recover_window());
  latest_ = sign(size(), levels_.root());
  return {};
}

Status Store::recover_journal() {
  STELE_ASSIGN(JournalScan scan, scan_journal(fs_, dir_ + "/journal", identity_.id, sealed_size()));
  if (!scan.damage.empty()) {
    return corrupt(scan.damage.front() +
                   "; nothing was changed. Run `stele verify` on the directory and restore the journal from a copy");
  }
  std::map<std::string, std::uint64_t> kept;
  for (const FoundFrame& frame : scan.chain) {
    STELE_TRY(accept_frame(frame));
    kept[frame.file] = frame.header.end_index();
  }
  epoch_ = scan.epoch_max + 1;
  STELE_ASSIGN(journal_, Journal::open(fs_, dir_ + "/journal", options_.journal, std::move(kept)));
  if (scan.chain.empty() || scan.chain.back().header.commit < commit_) return {};
  return write_opening_frame(scan.chain.back());
}

Status Store::accept_frame(const FoundFrame& frame) {
  const FrameHeader& header = frame.header;
  if (header.end_index() < size()) return {};  // wholly sealed; only its number matters
  const auto where = [&](const std::string& what) {
    return corrupt("commit " + std::to_string(header.commit) + " in " + frame.file + ": " + what);
  };
  if (header.end_index() > size()) {
    if (header.first_index > size()) return where("its entries do not follow the ones before");
    Batch batch;
    batch.first_index = size();
    std::vector<ByteSpan> entries;
    std::vector<std::string_view> texts;
    std::uint64_t index = header.first_index;
    STELE_TRY(event::for_each_entry(frame.payload, [&](std::string_view entry) {
      if (index++ < batch.first_index) return;
      entries.push_back(as_byte_span(entry));
      texts.push_back(entry);
    }));
    if (index != header.end_index()) return where("it holds another number of entries than its header says");
    batch.leaves.resize(entries.size());
    crypto::hash_leaves(entries, batch.leaves.data());
    for (const std::string_view entry : texts) {
      char size[2];
      store_be16(size, static_cast<std::uint16_t>(entry.size()));
      batch.bytes.append(size, 2);
      batch.bytes += entry;
      STELE_ASSIGN(const auto key, event::read_delivery_key(entry));
      batch.keys.push_back(key ? fingerprint(key->source_id, key->event_id, identity_.fingerprint_seed) : 0);
      const auto received = event::read_received(entry);
      if (!received) return where("an entry has no time of receipt in its place");
      batch.received = *received;
    }
    levels_.append(batch.leaves);
    if (levels_.root() != header.root) return where("its entries do not lead to the root that it names");
    const std::uint64_t end = header.end_index();
    add_block(std::move(batch), header.commit, frame.digest);
    size_ = end;
  }
  commit_ = header.commit;
  commit_digest_ = frame.digest;
  return {};
}

// The last frame may never have been synced: its entries go to fresh ground before anything is built on them.
Status Store::write_opening_frame(const FoundFrame& last) {
  FrameHeader header = last.header;
  header.flags = kFrameOpening;
  header.epoch = epoch_;
  const FrameHeaderBytes frame = encode_frame_header(header);
  const std::array<ByteSpan, 1> payload{as_byte_span(last.payload)};
  STELE_TRY(journal_->append(frame, payload, last.payload.size(), header.end_index()));
  commit_digest_ = frame_digest(frame);
  if (!tail_.empty()) tail_.back().commit_digest = commit_digest_;
  return {};
}

Status Store::check_against_published(const CheckpointScan& scan) {
  if (!scan.damaged.empty()) {
    return corrupt("checkpoint record " + std::to_string(scan.damaged.front()) +
                   " is damaged; run `stele verify` and restore the file `checkpoints` from a copy");
  }
  for (const PublishedCheckpoint& checkpoint : scan.checkpoints) published_sizes_.push_back(checkpoint.size);
  if (scan.checkpoints.empty()) return {};
  const PublishedCheckpoint& last = scan.checkpoints.back();
  if (last.size > size()) {
    return corrupt("a checkpoint of " + std::to_string(last.size) + " entries was published, but only " + std::to_string(size()) +
                   " are here: " + std::to_string(last.size - size()) + " are missing; restore them from a copy");
  }
  STELE_ASSIGN(const Hash root, merkle::tree_root(last.size, node_reader()));
  if (root != last.root) {
    return corrupt("the entries do not lead to the root published at size " + std::to_string(last.size) + "; run `stele verify`");
  }
  published_ = sign(last.size, last.root);
  return {};
}

// From the file beside the segment, or else from its entries.
Result<std::vector<WindowKey>> Store::segment_keys(const SegmentReader& segment) const {
  const SegmentInfo& info = segment.info();
  if (auto keys = read_window_file(fs_, dir_ + "/window", info.first_index, info.count)) return keys;
  STELE_ASSIGN(const std::string bytes, segment.read(info.first_index, info.count));
  std::vector<WindowKey> keys;
  std::uint64_t index = info.first_index;
  Status status;
  STELE_TRY(event::for_each_entry(bytes, [&](std::string_view entry) {
    const auto key = event::read_delivery_key(entry);
    if (!key) status = key.error();
    else if (*key) keys.push_back({fingerprint((*key)->source_id, (*key)->event_id, identity_.fingerprint_seed), index});
    ++index;
  }));
  STELE_TRY(status);
  return keys;
}

Status Store::recover_window() {
  const UnixNanos now = clock_.now();
  const auto segments = segments_->list();
  // From the last segment back, for as long as one may hold a delivery that is to be remembered.
  std::vector<std::pair<UnixNanos, std::vector<WindowKey>>> found;
  std::uint64_t keys = 0;
  for (const Block& block : tail_) keys += block.keys.size() - static_cast<std::size_t>(std::count(block.keys.begin(), block.keys.end(), 0U));
  for (auto name = segments.rbegin(); name != segments.rend() && keys < options_.window_keys_max; ++name) {
    STELE_ASSIGN(const auto segment, segments_->find(name->first_index));
    if (now - segment->info().received_last > options_.window_span) break;
    STELE_ASSIGN(auto delivered, segment_keys(*segment));
    keys += delivered.size();
    found.emplace_back(segment->info().received_last, std::move(delivered));
  }
  for (auto part = found.rbegin(); part != found.rend(); ++part) {
    for (const WindowKey& key : part->second) window_.put(key.key, key.index, part->first);
  }
  for (const Block& block : tail_) {
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      if (block.keys[i] != 0) window_.put(block.keys[i], block.first_index + i, block.received);
    }
  }
  return {};
}

}  // namespace stele::log
