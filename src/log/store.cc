#include "log/store.h"

#include <algorithm>
#include <cassert>

#include "crypto/sha256.h"
#include "event/entry.h"

namespace stele::log {
namespace {

// Of a note that was just signed.
crypto::Signature signature_of(const SignedState& state) {
  crypto::Signature out{};
  const auto note = merkle::parse_note(state.note);
  assert(note.ok());
  const auto& signature = note->signatures.at(0).signature;
  std::memcpy(out.data(), signature.data(), out.size());
  return out;
}

}  // namespace

Store::Store(io::FileSystem& fs, std::string dir, StoreOptions options, merkle::NoteSigner signer, const Clock& clock)
    : fs_(fs),
      dir_(std::move(dir)),
      options_(std::move(options)),
      encrypted_(options_.ring ? std::make_unique<keyring::EncryptedFiles>(fs, options_.ring, *options_.random) : nullptr),
      files_(encrypted_ ? static_cast<io::FileSystem&>(*encrypted_) : fs),
      signer_(std::move(signer)),
      clock_(clock),
      segment_writer_(LogId{}),
      window_(options_.window_span, options_.window_keys_max),
      window_reach_(options_.window_span, options_.window_keys_max) {}

Store::~Store() = default;

std::shared_ptr<const SignedState> Store::sign(std::uint64_t size, const Hash& root) const {
  auto state = std::make_shared<SignedState>();
  state->size = size;
  state->root = root;
  state->note = signer_.sign(merkle::Checkpoint{identity_.origin, size, root}.text());
  return state;
}

Result<Hash> Store::root_at(std::uint64_t size) const {
  if (size > this->size()) return Error{Code::kNotFound, "the log has fewer entries"};
  return merkle::tree_root(size, node_reader());
}

Result<std::string> Store::sign_statement(std::string_view text) const {
  if (text.substr(0, text.find('\n')).find(' ') == std::string_view::npos)
    return Error{Code::kInternal, "a statement looks like a checkpoint"};
  return signer_.sign(text);
}

// Makes the frame durable. Returns its digest.
Result<Hash> Store::write_frame(FrameHeader header, std::span<const ByteSpan> payload) {
  ByteSpan encrypted;
  if (cipher_) {
    encrypted = cipher_->seal(payload, header);
    payload = {&encrypted, 1};
  } else {
    header.payload_bytes = 0;
    for (const ByteSpan part : payload) header.payload_bytes += part.size();
    header.payload_checksum = payload_checksum(payload);
    header.encryption.reset();
  }
  const FrameHeaderBytes frame = encode_frame_header(header);
  const std::lock_guard lock(journal_mutex_);
  STELE_TRY(journal_->append(frame, payload, header.payload_bytes, header.end_index()));
  return frame_digest(frame);
}

Result<Committed> Store::commit(std::span<Batch> batches) {
  std::uint64_t count = 0;
  std::uint64_t payload_bytes = 0;
  for (const Batch& batch : batches) {
    count += batch.leaves.size();
    payload_bytes += batch.bytes.size();
  }
  if (count == 0) {
    Committed nothing;
    nothing.state = latest();
    nothing.proofs.resize(batches.size());
    return nothing;
  }
  if (payload_bytes > kFramePayloadBytesMax) {
    return Error{Code::kTooLarge, "a commit of " + std::to_string(payload_bytes) + " bytes would not be read back; at most " +
                                      std::to_string(kFramePayloadBytesMax) + " are taken"};
  }
  std::vector<event::ApartValue> apart;
  for (Batch& batch : batches) std::move(batch.apart.begin(), batch.apart.end(), std::back_inserter(apart));
  STELE_TRY(apart_->write(apart));
  Hash root{};
  {
    const std::unique_lock lock(mutex_);
    for (const Batch& batch : batches) {
      assert(batch.leaves.empty() || batch.first_index == levels_.size());
      levels_.append(batch.leaves);
    }
    root = levels_.root();
  }

  // Root computed → frame durable → signed → acknowledged by whoever called.
  std::vector<ByteSpan> payload;
  for (const Batch& batch : batches) {
    if (!batch.bytes.empty()) payload.push_back(as_byte_span(batch.bytes));
  }
  FrameHeader header;
  header.log_id = identity_.id;
  header.epoch = epoch_;
  header.commit = commit_ + 1;
  header.first_index = size();
  header.count = static_cast<std::uint32_t>(count);
  header.previous = commit_digest_;
  header.root = root;
  STELE_ASSIGN(commit_digest_, write_frame(header, payload));
  commit_ = header.commit;
  Committed out;
  out.state = sign(header.end_index(), root);

  {
    const std::shared_lock lock(mutex_);
    const merkle::NodeReader held = [this](unsigned level, std::uint64_t index) -> Result<Hash> {
      const auto hash = levels_.node(level, index);
      if (!hash) return Error{Code::kInternal, "a node of the tree's edge is not held"};
      return *hash;
    };
    for (const Batch& batch : batches) {
      merkle::Proof proof;
      if (!batch.leaves.empty()) {
        STELE_ASSIGN(proof, merkle::range_proof(batch.first_index, batch.leaves.size(), out.state->size, held));
      }
      out.proofs.push_back(std::move(proof));
    }
  }
  TailBlock block = join_batches(batches);
  block.commit = commit_;
  block.commit_digest = commit_digest_;
  last_received_.store(block.received, std::memory_order_release);
  const std::unique_lock lock(mutex_);
  tail_.append(std::move(block));
  latest_ = out.state;
  size_.store(out.state->size, std::memory_order_release);
  return out;
}

Status Store::publish() {
  const auto state = latest();
  const auto before = published();
  if (before != nullptr && before->size == state->size) return {};
  STELE_TRY(checkpoint_file_->append({state->size, state->root, signature_of(*state), clock_.now()}));
  const std::unique_lock lock(mutex_);
  published_ = state;
  return {};
}

void Store::prepare_space() {
  std::optional<JournalFile> wanted;
  {
    const std::lock_guard lock(journal_mutex_);
    wanted = journal_->next_file();
  }
  if (!wanted || !Journal::make_file(fs_, dir_ + "/journal", *wanted, Journal::Haste::kSpread)) return;
  const std::lock_guard lock(journal_mutex_);
  journal_->add_file(std::move(*wanted));
}

Status Store::cut_journal() {
  const std::lock_guard lock(journal_mutex_);
  return journal_->cut();
}

std::shared_ptr<const SignedState> Store::latest() const {
  const std::shared_lock lock(mutex_);
  return latest_;
}

std::shared_ptr<const SignedState> Store::published() const {
  const std::shared_lock lock(mutex_);
  return published_;
}

Result<std::shared_ptr<const SignedState>> Store::signed_state(std::uint64_t size) const {
  {
    const std::shared_lock lock(mutex_);
    if (latest_->size == size) return latest_;
  }
  STELE_ASSIGN(const auto published, checkpoint_file_->find(size));
  if (!published) return Error{Code::kNotFound, "no checkpoint of size " + std::to_string(size) + " was published"};
  // What was signed once is signed again, and nothing else: stored bytes may have been changed since.
  STELE_ASSIGN(const Hash root, merkle::tree_root(size, node_reader()));
  auto state = sign(size, root);
  if (root != published->root || signature_of(*state) != published->signature) {
    return corrupt("the entries, or the record, are not those that were signed at size " + std::to_string(size) +
                   "; run `stele verify`");
  }
  return state;
}

Result<std::string> Store::read(std::uint64_t first, std::uint64_t count) const {
  if (count == 0 || first >= size() || count > size() - first) {
    return Error{Code::kNotFound, "the log has " + std::to_string(size()) + " entries; [" + std::to_string(first) + ", +" +
                                      std::to_string(count) + ") is not among them"};
  }
  std::string out;
  std::uint64_t at = first;
  const std::uint64_t end = first + count;
  while (at < end) {
    {
      // The tail first: what is sealed leaves it only after the segment can be read.
      const std::shared_lock lock(mutex_);
      if (const std::uint64_t next = tail_.read(at, end, out); next != at) {
        at = next;
        continue;
      }
    }
    const std::size_t had = out.size();
    auto part = read_sealed(at, end - at);
    if (!part && part.error().code == Code::kCorrupt) damage_.add(part.error().message + "; run `stele verify`");
    if (!part) return part.error();
    out += *part;
    STELE_TRY(event::for_each_entry(std::string_view(out).substr(had), [&](std::string_view) { ++at; }));
  }
  return out;
}

// The entries from `first` on, at most `count` and as far as its segment goes.
Result<std::string> Store::read_sealed(std::uint64_t first, std::uint64_t count) const {
  STELE_ASSIGN(const auto segment, segments_->find(first));
  const SegmentInfo& info = segment->info();
  auto part = segment->read(first, std::min(count, info.end_index() - first));
  if (!part) return part.error().in(segments_->path({info.first_index, info.count}));
  return part;
}

Result<Hash> Store::sealed_root(std::uint64_t bundle) const {
  STELE_ASSIGN(const auto segment, segments_->find(bundle * kBundleEntries));
  return segment->bundle_roots()[bundle - segment->info().first_index / kBundleEntries];
}

// A node that is not held in memory: it lies wholly within the sealed part. Levels 8 and up come from the tree's files.
Result<Hash> Store::stored_node(unsigned level, std::uint64_t index, Checked checked) const {
  const unsigned tile_level = level / merkle::kTileHeight;
  const unsigned within = level % merkle::kTileHeight;
  if (tile_level > TreeFiles::kLevelMax) return Error{Code::kNotFound, "no node at level " + std::to_string(level)};
  const std::uint64_t first = index << within;
  const std::uint64_t count = std::uint64_t{1} << within;
  STELE_ASSIGN(const auto hashes, checked == Checked::kYes ? tree_files_->get_checked(tile_level, first, count)
                                                           : tree_files_->get(tile_level, first, count));
  return merkle::root_of(hashes);
}

merkle::NodeReader Store::node_reader(Checked checked) const {
  struct Bundle {
    std::uint64_t number = UINT64_MAX;
    std::vector<Hash> leaves;
  };
  return [this, checked, bundle = Bundle{}](unsigned level, std::uint64_t index) mutable -> Result<Hash> {
    {
      const std::shared_lock lock(mutex_);
      if (const auto hash = levels_.node(level, index)) return *hash;
    }
    if (level >= merkle::kTileHeight) return stored_node(level, index, checked);
    const std::uint64_t first = index << level;
    const std::uint64_t number = first / kBundleEntries;
    if (bundle.number != number) {
      STELE_ASSIGN(const std::string bytes, read(number * kBundleEntries, kBundleEntries));
      std::vector<ByteSpan> entries;
      STELE_TRY(event::for_each_entry(bytes, [&](std::string_view entry) { entries.push_back(as_byte_span(entry)); }));
      bundle.leaves.resize(entries.size());
      crypto::hash_leaves(entries, bundle.leaves.data());
      if (number < sealed_size() / kBundleEntries) {
        STELE_ASSIGN(const Hash root, sealed_root(number));
        if (root != merkle::root_of(bundle.leaves)) {
          const std::string what =
              "entries from " + std::to_string(number * kBundleEntries) + " on are not those that were sealed";
          damage_.add(what + "; run `stele verify`");
          return corrupt(what);
        }
      }
      bundle.number = number;
    }
    const std::span<const Hash> leaves(bundle.leaves);
    return merkle::root_of(leaves.subspan(first % kBundleEntries, std::uint64_t{1} << level));
  };
}

Result<merkle::Proof> Store::prove(std::uint64_t first, std::span<const Hash> leaves, const SignedState& state) const {
  Status verified;
  for (const Checked checked : {Checked::kNo, Checked::kYes}) {
    STELE_ASSIGN(merkle::Proof proof, merkle::range_proof(first, leaves.size(), state.size, node_reader(checked)));
    verified = merkle::verify_range(first, leaves, state.size, proof, state.root);
    if (verified) return proof;
  }
  return corrupt("what is stored does not lead from entry " + std::to_string(first) + " to the root that was signed at size " +
                 std::to_string(state.size) + "; run `stele verify`");
}

Result<merkle::Proof> Store::prove(std::uint64_t index, const SignedState& state) const {
  STELE_ASSIGN(const Hash leaf, node_reader()(0, index));
  return prove(index, {&leaf, 1}, state);
}

Result<std::string> Store::tile(const merkle::Tile& tile) const {
  const std::uint64_t end = size();
  const unsigned held = merkle::tile_width(tile.level, tile.index, end);
  if (held < tile.width) {
    return Error{Code::kNotFound, merkle::tile_path(tile) + " is not in a tree of " + std::to_string(end) + " entries"};
  }
  const std::uint64_t first = tile.index * merkle::kTileWidth;
  if (tile.entries) return read(first, tile.width);
  std::string out;
  out.reserve(tile.width * sizeof(Hash));
  const auto nodes = node_reader(Checked::kYes);
  for (std::uint64_t i = 0; i < tile.width; ++i) {
    STELE_ASSIGN(const Hash hash, nodes(tile.level * merkle::kTileHeight, first + i));
    out += as_text(hash);
  }
  return out;
}

}  // namespace stele::log
