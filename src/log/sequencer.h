// The one place where a log's order is decided: takes what waits, makes it durable at once, acknowledges the group.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "event/entry.h"
#include "log/store.h"

namespace stele::log {

// What became of one submitted event.
struct Placed {
  std::uint64_t index = 0;
  Hash leaf{};
  std::string id;           // the entry's
  bool repeated = false;    // delivered before, with the same bytes; index and leaf are the first delivery's
  bool renumbered = false;  // and under another number of its source (event.seq, event.context.sequence) than the first delivery
  std::optional<Error> error;  // kConflict: the same id with other bytes; nothing else is set
};

// A proof for a run of entries.
struct ProvenRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  merkle::Proof proof;
};

// What the submitter is told once everything is durable.
struct Delivered {
  std::vector<Placed> placed;       // one an event, in order
  std::vector<ProvenRange> ranges;  // cover every placed entry, ascending; one unless something was repeated
  std::shared_ptr<const SignedState> state;
  std::string bytes;  // the new entries in bundle encoding, when asked for
};

using DeliveredCallback = std::function<void(Result<Delivered>)>;

struct SequencerOptions {
  std::uint64_t queue_bytes_max = 64U << 20;  // of entries that wait; more is answered kBusy
  std::uint64_t group_bytes_max = 8U << 20;   // of one commit
  std::int64_t publish_every = 900'000'000;   // ns between published checkpoints, at least; an entry waits hardly longer
  std::int64_t reopen_every = 5'000'000'000;  // ns between tries to open a log that stopped
};

struct SequencerCounters {
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> repeated{0};
  std::atomic<std::uint64_t> conflicts{0};
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> refused_busy{0};
  std::atomic<std::uint64_t> stops{0};
};

// Owns the store and four threads: one commits, one seals, one publishes, one settles repeated deliveries. When a
// write fails the log stops: submissions are answered kUnavailable, reading goes on, and opening is tried again until
// it succeeds. Thread-safe.
class Sequencer {
 public:
  using OpenStore = std::function<Result<std::unique_ptr<Store>>()>;

  // Opens the store and starts. `open` is called again after a failure.
  static Result<std::unique_ptr<Sequencer>> start(OpenStore open, SequencerOptions options, const Clock& clock, Random& random);

  // Stops as drain() does.
  ~Sequencer();
  Sequencer(const Sequencer&) = delete;
  Sequencer& operator=(const Sequencer&) = delete;

  // Takes the batch as a whole: its new entries are contiguous and in order. `done` is called once, from another
  // thread or this one, after everything is durable and signed; it must not block. `want_bytes`: hand back the entries.
  void submit(event::EntryBatch batch, bool want_bytes, DeliveredCallback done);
  // The same for what must be written down of a request before it is answered: not refused for what waits already, since the
  // client would come again with what is stored. A few entries a request.
  void submit_note(event::EntryBatch batch, DeliveredCallback done);

  // Refuses new submissions, finishes what waits, publishes, and cuts the journal. Idempotent.
  void drain();

  // The store as it is now; stays readable for as long as it is held.
  [[nodiscard]] std::shared_ptr<Store> store() const;

  // Why the log takes no events; nothing while it does.
  [[nodiscard]] std::optional<Error> stopped() const;

  [[nodiscard]] const SequencerCounters& counters() const { return counters_; }
  [[nodiscard]] std::uint64_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Pending {
    Batch batch;
    std::vector<Placed> placed;
    // Entries taken for repeats, unstamped, in order of their place, with what they keep apart.
    struct HeldBack {
      std::string entry;
      std::vector<event::ApartValue> apart;
    };
    std::vector<HeldBack> held_back;
    bool want_bytes = false;
    bool force = false;      // store even what looks repeated: the look was wrong
    bool follow_up = false;  // what was taken cannot be answered without it: it is neither too much nor too late
    DeliveredCallback done;
    std::uint64_t bytes = 0;  // counted among those that wait
    std::atomic<bool> ready{false};
    std::shared_ptr<const SignedState> state;
    merkle::Proof proof;
    std::string entry_bytes;
  };
  using PendingPtr = std::unique_ptr<Pending>;
  struct FollowUp;

  Sequencer(OpenStore open, SequencerOptions options, const Clock& clock, Random& random);
  void submit_batch(event::EntryBatch batch, PendingPtr pending);
  static void make_ready(event::EntryBatch batch, const std::vector<bool>& keep, Random& random, Pending& pending);
  [[nodiscard]] std::optional<Error> refusal(const Pending& pending);
  void admit(event::EntryBatch& batch, Pending& pending, std::vector<bool>& keep);
  void commit_loop();
  void commit_group(std::vector<PendingPtr> group);
  void seal_loop();
  void publish_loop();
  void settle_loop();
  [[nodiscard]] Result<Delivered> settle(Pending& pending);
  Status look_at(Pending::HeldBack& held, Placed& placed, const Store& store, FollowUp& conflicts, FollowUp& others);
  Status store_follow_up(FollowUp& follow_up, Pending& pending);
  void stop_log(const Error& error);
  void stop_without_memory() noexcept;
  void try_reopen();
  bool sleep_until_stop(std::int64_t nanos);

  OpenStore open_;
  SequencerOptions options_;
  const Clock& clock_;
  Random& random_;
  SequencerCounters counters_;

  mutable std::mutex store_mutex_;  // guards store_ and stopped_
  std::shared_ptr<Store> store_;
  std::optional<Error> stopped_;
  std::int64_t reopen_at_ = 0;

  std::mutex queue_mutex_;  // admission: guards what follows, and the store's delivery window
  std::condition_variable queue_ready_;
  std::deque<PendingPtr> queue_;
  std::uint64_t next_index_ = 0;
  UnixNanos last_received_ = 0;
  bool refusing_ = false;
  bool committing_ = false;
  bool ended_ = false;           // nobody commits any more
  std::uint64_t unsettled_ = 0;  // committed, and not answered: follow-ups may come
  std::atomic<std::uint64_t> queued_bytes_{0};

  std::mutex settle_mutex_;
  std::condition_variable settle_ready_;
  std::deque<PendingPtr> to_settle_;
  bool settle_stop_ = false;

  std::mutex housekeeping_mutex_;  // seal and publish do not overlap a reopening
  std::mutex publish_mutex_;
  std::mutex stop_mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;

  std::thread committer_;
  std::thread sealer_;
  std::thread publisher_;
  std::thread settler_;
};

}  // namespace stele::log
