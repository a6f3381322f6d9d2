// Opening a log: what is found on disk is checked, linked, and made durable again before anything new is signed.
#include <algorithm>
#include <bit>

#include "base/parallel.h"
#include "crypto/sha256.h"
#include "event/delivery_key.h"
#include "event/entry.h"
#include "log/store.h"
#include "log/window_file.h"

namespace stele::log {

Result<std::unique_ptr<Store>> Store::open(io::FileSystem& fs, std::string dir, StoreOptions options, merkle::NoteSigner signer,
                                           const Clock& clock) {
  std::unique_ptr<Store> store(new Store(fs, std::move(dir), std::move(options), std::move(signer), clock));
  const Status recovered = store->recover();
  if (!recovered) return recovered.error().in("log " + store->dir_);
  return store;
}

Status Store::recover() {
  STELE_ASSIGN(identity_, read_identity(fs_, dir_));
  if (signer_.verifier() != identity_.key) return invalid("the signing key is not the log's");
  for (const char* part : {"/journal", "/segments", "/tree", "/window"}) STELE_TRY(fs_.make_dirs(dir_ + part));
  segment_writer_ = SegmentWriter(identity_.id);
  STELE_ASSIGN(apart_, ApartStore::open(fs_, dir_ + "/apart", {options_.sealing_key, options_.ring}));

  // First everything is looked at, and nothing changed: damage is left as it was found.
  STELE_TRY(recover_sealed());
  STELE_ASSIGN(JournalScan journal, scan_journal(fs_, dir_ + "/journal", identity_.id, sealed_size(), options_.ring.get()));
  STELE_TRY(recover_tail(journal));
  STELE_ASSIGN(const CheckpointEnd checkpoints, read_checkpoint_end(fs_, dir_ + "/checkpoints"));
  STELE_TRY(check_against_published(checkpoints));
  std::vector<SegmentKeys> reread;
  STELE_TRY(recover_window(reread));

  // What is there is right, but some of it may be in the page cache alone, or under a name that is. It is made to last.
  STELE_TRY(segments_->remove_leftovers());
  STELE_TRY(tree_files_->write());
  STELE_TRY(reopen_journal(journal));
  STELE_ASSIGN(checkpoint_file_, CheckpointFile::open(fs_, dir_ + "/checkpoints", checkpoints));
  if (checkpoints.last) published_ = sign(checkpoints.last->size, checkpoints.last->root);
  for (const SegmentKeys& one : reread) {
    (void)write_window_file(files_, dir_ + "/window", one.segment.first_index, one.segment.count, one.keys);
  }
  latest_ = sign(size(), levels_.root());
  return {};
}

Status Store::recover_sealed() {
  STELE_ASSIGN(segments_, SegmentSet::open(files_, dir_ + "/segments", identity_.id));
  const std::uint64_t sealed = segments_->end_index();
  std::shared_ptr<const SegmentReader> last;
  if (sealed > 0) {
    STELE_ASSIGN(last, segments_->find(sealed - 1));
  }
  // The hashes of the last segment may not have reached the disk whole: they are taken from its footer.
  const std::uint64_t certain = last == nullptr ? 0 : last->info().first_index / kBundleEntries;
  const TreeFiles::BundleRoot bundle_root = [this](std::uint64_t bundle) { return sealed_root(bundle); };
  STELE_ASSIGN(tree_files_, TreeFiles::open(fs_, dir_ + "/tree", certain, bundle_root, damage_));
  while (tree_files_->count(1) < sealed / kBundleEntries) {
    const std::uint64_t at = tree_files_->count(1) * kBundleEntries;
    STELE_ASSIGN(const auto segment, segments_->find(at));
    STELE_TRY(tree_files_->add(segment->bundle_roots().subspan((at - segment->info().first_index) / kBundleEntries)));
  }
  merkle::Proof frontier;
  for (unsigned level = 62; level > 0; --level) {
    if ((sealed >> level & 1) == 0) continue;
    STELE_ASSIGN(const Hash hash, stored_node(level, (sealed >> level) - 1, Checked::kYes));
    frontier.push_back(hash);
  }
  levels_ = merkle::Levels(sealed, frontier);
  sealed_size_ = sealed;
  size_ = sealed;
  if (last != nullptr) {
    commit_ = last->info().commit;
    commit_digest_ = last->info().commit_digest;
    last_received_ = last->info().received_last;
  }
  return {};
}

Status Store::recover_tail(JournalScan& scan) {
  constexpr std::string_view kAdvice =
      "; nothing was changed. Run `stele verify` on the directory and restore the journal from a copy";
  if (!scan.damage.empty()) return corrupt(scan.damage.front() + std::string(kAdvice));
  // The frame of the last commit is never given up, so the one that wrote the last sealed entry or a later one is there.
  if (commit_ > 0 && (scan.chain.empty() || scan.chain.back().header.commit < commit_)) {
    return corrupt("the last segment was written by commit " + std::to_string(commit_) + ", but the journal ends before it" +
                   std::string(kAdvice));
  }
  std::vector<Result<Unsealed>> unsealed(scan.chain.size(), Unsealed());
  for_each_in_parallel(scan.chain.size(), [&](std::size_t i) {
    FoundFrame& frame = scan.chain[i];
    if (frame.header.end_index() > sealed_size()) unsealed[i] = unsealed_part(frame, i + 1 == scan.chain.size());
  });
  for (std::size_t i = 0; i < scan.chain.size(); ++i) {
    const FoundFrame& frame = scan.chain[i];
    const Status accepted = accept_frame(frame, std::move(unsealed[i]));
    if (!accepted) return accepted.error().in("commit " + std::to_string(frame.header.commit) + " in " + frame.file);
  }
  epoch_ = scan.epoch_max + 1;
  return {};
}

// What no segment holds of a frame, ready for the tail. The frame is left without its entries unless it is to keep them.
Result<Store::Unsealed> Store::unsealed_part(FoundFrame& frame, bool keep) const {
  const FrameHeader& header = frame.header;
  Batch batch;
  batch.first_index = std::max(header.first_index, sealed_size());
  std::vector<ByteSpan> entries;
  event::DeliveryKeyReader reader;
  std::uint64_t index = header.first_index;
  std::size_t sealed_bytes = 0;
  STELE_TRY(event::for_each_entry(frame.payload, [&](std::string_view entry) {
    if (index++ < batch.first_index) {
      sealed_bytes += 2 + entry.size();
      return;
    }
    entries.push_back(as_byte_span(entry));
    // The root vouches for the bytes; one whose id cannot be read is no repeat of anything.
    const auto key = reader.read(entry);
    batch.keys.push_back(key && *key ? fingerprint((*key)->source_id, (*key)->event_id, identity_.fingerprint_seed) : 0);
  }));
  if (index != header.end_index()) return corrupt("it holds another number of entries than its header says");
  const auto received = event::read_received(as_text(entries.back()));
  if (!received) return corrupt("its last entry has no time of receipt in its place");
  batch.received = *received;
  batch.leaves.resize(entries.size());
  crypto::hash_leaves(entries, batch.leaves.data());
  batch.bytes = keep ? frame.payload : std::move(frame.payload);
  batch.bytes.erase(0, sealed_bytes);
  Unsealed unsealed{join_batches({&batch, 1}), std::move(batch.leaves)};
  unsealed.block.commit = header.commit;
  unsealed.block.commit_digest = frame.digest;
  return unsealed;
}

Status Store::accept_frame(const FoundFrame& frame, Result<Unsealed> unsealed) {
  const FrameHeader& header = frame.header;
  if (header.end_index() < size()) return {};  // wholly sealed; only its number matters
  if (!unsealed) return unsealed.error();
  const bool adds = !unsealed->leaves.empty();
  if (adds && unsealed->block.first_index != size()) return corrupt("its entries do not follow the ones before");
  levels_.append(unsealed->leaves);
  if (levels_.root() != header.root) return corrupt("its entries do not lead to the root that it names");
  size_ = header.end_index();
  commit_ = header.commit;
  commit_digest_ = frame.digest;
  if (adds) {
    last_received_ = unsealed->block.received;
    tail_.append(std::move(unsealed->block));
  }
  return {};
}

// The last frame may never have been synced: it goes to fresh ground before anything is built on it. In a log that is encrypted
// now and has something in plain in its journal, all that is needed goes there with it, to a file that had nothing before, and
// every other file is removed.
Status Store::reopen_journal(const JournalScan& scan) {
  const bool renews = options_.ring && scan.has_plain && tail_.bytes() <= kFramePayloadBytesMax;
  std::map<std::string, std::uint64_t> kept;
  std::vector<std::string> held = scan.held;
  for (const FoundFrame& frame : scan.chain) {
    if (renews)
      held.push_back(frame.file);
    else
      kept[frame.file] = frame.header.end_index();
  }
  STELE_ASSIGN(journal_, Journal::open(fs_, dir_ + "/journal", options_.journal, std::move(kept), held));
  if (renews) STELE_TRY(journal_->remove_free());
  if (options_.ring) cipher_ = std::make_unique<FrameCipher>(*options_.ring, *options_.random);
  if (scan.chain.empty()) return {};
  const FoundFrame& last = scan.chain.back();
  FrameHeader header = last.header;
  header.flags = kFrameOpening;
  header.epoch = epoch_;
  std::vector<ByteSpan> payload;
  if (renews && !tail_.empty()) {
    for (const Tail::BlockPtr& block : tail_.blocks()) payload.push_back(as_byte_span(block->bytes));
    header.first_index = sealed_size();
    header.count = static_cast<std::uint32_t>(size() - sealed_size());
  } else {
    payload.push_back(as_byte_span(last.payload));
  }
  STELE_ASSIGN(commit_digest_, write_frame(header, payload));
  tail_.set_last_digest(commit_digest_);
  return journal_->let_go();
}

Status Store::check_against_published(const CheckpointEnd& published) {
  if (!published.last) return {};
  const PublishedCheckpoint& last = *published.last;
  if (last.size > size()) {
    return corrupt("a checkpoint of " + std::to_string(last.size) + " entries was published, but only " + std::to_string(size()) +
                   " are here: " + std::to_string(last.size - size()) + " are missing; restore them from a copy");
  }
  STELE_ASSIGN(const Hash root, merkle::tree_root(last.size, node_reader()));
  if (root != last.root) {
    return corrupt("the entries do not lead to the root published at size " + std::to_string(last.size) + "; run `stele verify`");
  }
  return {};
}

// What was delivered lately. The keys that stand in no file beside their segment are read from its entries.
Status Store::recover_window(std::vector<SegmentKeys>& reread) {
  const UnixNanos now = clock_.now();
  const auto segments = segments_->list();
  // From the last segment back, for as long as one may hold a delivery that is to be remembered.
  std::vector<SegmentKeys> found;
  std::uint64_t keys = 0;
  const auto tail = tail_.blocks();
  for (const auto& block : tail) {
    keys += static_cast<std::uint64_t>(
        std::count_if(block->keys.begin(), block->keys.end(), [](KeyFingerprint key) { return key != 0; }));
  }
  for (auto name = segments.rbegin(); name != segments.rend() && keys < options_.window_keys_max; ++name) {
    const auto opened = segments_->find(name->first_index);
    if (!opened && opened.error().code == Code::kCorrupt) {
      damage_.add(opened.error().message + "; repeats of its deliveries are not recognised");
      continue;
    }
    if (!opened) return opened.error();
    const auto& segment = *opened;
    const UnixNanos received = segment->info().received_last;
    if (now - received > options_.window_span) break;
    if (auto known = read_window_file(files_, dir_ + "/window", name->first_index, name->count)) {
      found.push_back({*name, received, std::move(*known)});
    } else {
      auto read = read_keys(*segment);
      if (!read && read.error().code == Code::kCorrupt) {
        damage_.add(read.error().in(segments_->path(*name)).message + "; repeats of its deliveries are not recognised");
        continue;
      }
      if (!read) return read.error();
      reread.push_back({*name, received, *read});
      found.push_back({*name, received, std::move(*read)});
    }
    keys += found.back().keys.size();
  }
  for (auto segment = found.rbegin(); segment != found.rend(); ++segment) {
    for (const WindowKey& key : segment->keys) window_.put(key.key, key.index, segment->received);
    window_reach_.add(segment->segment.first_index, segment->received, segment->keys.size());
  }
  for (const auto& block : tail) {
    for (std::size_t i = 0; i < block->keys.size(); ++i) {
      if (block->keys[i] != 0) window_.put(block->keys[i], block->first_index + i, block->received);
    }
  }
  return {};
}

Result<std::vector<WindowKey>> Store::read_keys(const SegmentReader& segment) const {
  const SegmentInfo& info = segment.info();
  STELE_ASSIGN(const std::string bytes, segment.read(info.first_index, info.count));
  std::vector<WindowKey> keys;
  std::uint64_t index = info.first_index;
  event::DeliveryKeyReader reader;
  Status status;
  STELE_TRY(event::for_each_entry(bytes, [&](std::string_view entry) {
    const auto key = reader.read(entry);
    if (!key)
      status = key.error();
    else if (*key)
      keys.push_back({fingerprint((*key)->source_id, (*key)->event_id, identity_.fingerprint_seed), index});
    ++index;
  }));
  STELE_TRY(status);
  return keys;
}

}  // namespace stele::log
