// A log on disk: commits groups of entries, seals and publishes them, and answers for every entry and hash.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "keyring/encrypted_files.h"
#include "log/apart_store.h"
#include "log/checkpoints.h"
#include "log/damage.h"
#include "log/delivery_window.h"
#include "log/frame_cipher.h"
#include "log/identity.h"
#include "log/journal.h"
#include "log/segment.h"
#include "log/segment_set.h"
#include "log/tail.h"
#include "log/tree_files.h"
#include "log/window_file.h"
#include "merkle/checkpoint.h"
#include "merkle/levels.h"
#include "merkle/tile.h"
#include "merkle/tree.h"

namespace stele::log {

struct StoreOptions {
  Journal::Limits journal;
  std::uint64_t seal_bytes = 72U << 20;           // unsealed bytes from which whole bundles are sealed
  UnixNanos seal_age = 600'000'000'000;           // and age of the oldest unsealed entry
  std::uint64_t unsealed_bytes_max = 384U << 20;  // from which commits wait for the sealer
  std::uint64_t segment_bytes_max = 96U << 20;    // of entries sealed at once, unless a bundle has more
  std::uint64_t merge_bytes_max = 192U << 20;     // of entries in a merged segment: it is put together in memory
  UnixNanos window_span = 600'000'000'000;        // how long deliveries are remembered
  std::uint64_t window_keys_max = 10'000'000;     // and how many
  std::optional<SealingKey> sealing_key;          // for sealed values; without one they are not taken
  keyring::KeyringPtr ring;                       // what has contents is encrypted under it; null: nothing is
  Random* random = nullptr;                       // for the keys of files; outlives the store; there with a ring
};

// A signed state of the log.
struct SignedState {
  std::uint64_t size = 0;
  Hash root{};
  std::string note;  // the signed checkpoint
};

// What a commit hands back: the signed state, and for each batch that has entries its range proof to it.
struct Committed {
  std::shared_ptr<const SignedState> state;
  std::vector<merkle::Proof> proofs;
};

// Threads: commit() belongs to one thread, seal() to one, publish() to one; all else may be called by any. After an
// error from commit, seal or publish the durable state is uncertain: the store must be closed and opened anew. What
// was committed before stays readable.
class Store {
 public:
  // Opens the log in `dir` and recovers it: what commit() once acknowledged is there, or kCorrupt says what is not.
  // The caller holds the directory's lock.
  static Result<std::unique_ptr<Store>> open(io::FileSystem& fs, std::string dir, StoreOptions options, merkle::NoteSigner signer,
                                             const Clock& clock);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Makes durable what the batches keep apart, then the batches as one frame, and signs the new state. They follow one another
  // from size() on and have at most kFramePayloadBytesMax bytes together.
  Result<Committed> commit(std::span<Batch> batches);

  // Seals or merges what is due, at most one segment. True when there may be more to do at once. A merge that finds
  // damage is left, and told by damage().
  Result<bool> seal();
  // Whether so much is unsealed that commits should wait.
  [[nodiscard]] bool sealing_is_behind() const;

  // Makes room in the journal before commits have to wait for it. Failing to is no loss: the commit that finds none says why.
  // One thread.
  void prepare_space();

  // Publishes the latest state unless it is published. One state at a time.
  Status publish();

  // For a clean stop: cuts the journal to what is needed. No commit may follow.
  Status cut_journal();

  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] std::uint64_t size() const { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t sealed_size() const { return sealed_size_.load(std::memory_order_acquire); }
  [[nodiscard]] UnixNanos last_received() const { return last_received_.load(std::memory_order_acquire); }
  [[nodiscard]] std::shared_ptr<const SignedState> latest() const;
  [[nodiscard]] std::shared_ptr<const SignedState> published() const;
  // The signed state at `size`: the latest, or one that was published. kNotFound for a size that was never signed so.
  [[nodiscard]] Result<std::shared_ptr<const SignedState>> signed_state(std::uint64_t size) const;

  // Entries [first, first + count) in bundle encoding; kNotFound past the end, kCorrupt when stored bytes are damaged.
  [[nodiscard]] Result<std::string> read(std::uint64_t first, std::uint64_t count) const;

  // A reader of nodes for one computation; it keeps the last bundle it hashed, which is held against its sealed root. With
  // kYes each stored hash is held against what lies below it: dear, for what nothing else checks. Not thread-safe.
  enum class Checked : std::uint8_t { kNo, kYes };
  [[nodiscard]] merkle::NodeReader node_reader(Checked checked = Checked::kNo) const;

  // The proof that `state` holds `leaves` from entry `first` on. It has been verified: kCorrupt when what is stored leads to
  // none.
  [[nodiscard]] Result<merkle::Proof> prove(std::uint64_t first, std::span<const Hash> leaves, const SignedState& state) const;
  // For one entry, whose leaf is read.
  [[nodiscard]] Result<merkle::Proof> prove(std::uint64_t index, const SignedState& state) const;

  // MTH of the first `size` entries, of which there are as many.
  [[nodiscard]] Result<Hash> root_at(std::uint64_t size) const;

  // A signed note of a statement about the log. Its first line must have a space in it, which no origin has, so that nobody can
  // take it for a checkpoint: kInternal otherwise.
  [[nodiscard]] Result<std::string> sign_statement(std::string_view text) const;

  // The bytes of a tile or bundle; kNotFound when the log, at its latest state, does not have it at that width.
  [[nodiscard]] Result<std::string> tile(const merkle::Tile& tile) const;

  // What was found damaged and is not needed for going on.
  [[nodiscard]] Damage damage() const { return damage_.all(); }

  // What the entries keep apart: commit() writes it.
  [[nodiscard]] ApartStore& apart() { return *apart_; }
  [[nodiscard]] const ApartStore& apart() const { return *apart_; }

  // Deliveries remembered; guarded by whoever admits entries.
  [[nodiscard]] DeliveryWindow& window() { return window_; }

 private:
  // The delivery keys of a segment.
  struct SegmentKeys {
    SegmentName segment;
    UnixNanos received = 0;
    std::vector<WindowKey> keys;
  };

  // The entries of a frame that no segment holds.
  struct Unsealed {
    TailBlock block;
    std::vector<Hash> leaves;
  };

  // The entries of a level-1 tile, from several segments.
  struct MergedTile {
    SegmentInfo info;
    std::string bytes;                      // bundle encoding
    std::vector<std::string_view> entries;  // into them
    std::vector<Hash> roots;
    std::optional<std::vector<WindowKey>> keys;  // when they are known
  };

  Store(io::FileSystem& fs, std::string dir, StoreOptions options, merkle::NoteSigner signer, const Clock& clock);
  Status recover();
  Status recover_sealed();
  Status recover_tail(JournalScan& scan);
  [[nodiscard]] Result<Unsealed> unsealed_part(FoundFrame& frame, bool keep) const;
  Status accept_frame(const FoundFrame& frame, Result<Unsealed> unsealed);
  Status check_against_published(const CheckpointEnd& published);
  Status reopen_journal(const JournalScan& scan);
  Status recover_window(std::vector<SegmentKeys>& reread);
  Result<Hash> write_frame(FrameHeader header, std::span<const ByteSpan> payload);
  [[nodiscard]] Result<std::vector<WindowKey>> read_keys(const SegmentReader& segment) const;
  [[nodiscard]] Result<Hash> stored_node(unsigned level, std::uint64_t index, Checked checked) const;
  [[nodiscard]] Result<Hash> sealed_root(std::uint64_t bundle) const;
  [[nodiscard]] Result<std::string> read_sealed(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] std::uint64_t seal_end() const;
  [[nodiscard]] double backlog() const;  // what waits for the sealer, as a part of what may
  Status seal_until(std::uint64_t end);
  Result<bool> merge_next();
  Result<std::unique_ptr<MergedTile>> read_tile(std::uint64_t first) const;
  Status merge_tile(const MergedTile& tile);
  std::string encode_segment(const SegmentInfo& info, std::span<const std::string_view> entries, std::span<const Hash> roots);
  void remember_segment_keys(const SegmentInfo& info, std::span<const Tail::BlockPtr> blocks);
  std::shared_ptr<const SignedState> sign(std::uint64_t size, const Hash& root) const;

  io::FileSystem& fs_;
  std::string dir_;
  StoreOptions options_;
  std::unique_ptr<keyring::EncryptedFiles> encrypted_;  // of a log that is encrypted
  io::FileSystem& files_;                               // for what has contents
  Identity identity_;
  merkle::NoteSigner signer_;
  const Clock& clock_;

  mutable DamageNotes damage_;
  SegmentWriter segment_writer_;
  std::unique_ptr<SegmentSet> segments_;
  std::uint64_t merge_from_ = 0;  // the tiles in front are merged, or stay as they are
  std::unique_ptr<TreeFiles> tree_files_;
  std::unique_ptr<CheckpointFile> checkpoint_file_;

  std::unique_ptr<ApartStore> apart_;
  std::mutex journal_mutex_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<FrameCipher> cipher_;  // of a log that is encrypted
  std::uint64_t epoch_ = 0;
  std::uint64_t commit_ = 0;  // of the last frame
  Hash commit_digest_{};

  mutable std::shared_mutex mutex_;  // guards what follows, up to the blank line
  merkle::Levels levels_;
  Tail tail_;
  std::shared_ptr<const SignedState> latest_;
  std::shared_ptr<const SignedState> published_;

  std::atomic<std::uint64_t> size_ = 0;
  std::atomic<std::uint64_t> sealed_size_ = 0;
  std::atomic<UnixNanos> last_received_ = 0;
  DeliveryWindow window_;
  WindowReach window_reach_;  // of the thread that seals
};

}  // namespace stele::log
