#include "log/sequencer.h"

#include <algorithm>
#include <chrono>

#include "base/threads.h"
#include "crypto/sha256.h"

namespace stele::log {
namespace {

Error draining() { return unavailable("the log is shutting down"); }

}  // namespace

Sequencer::Sequencer(OpenStore open, SequencerOptions options, const Clock& clock, Random& random)
    : open_(std::move(open)), options_(options), clock_(clock), random_(random) {}

Result<std::unique_ptr<Sequencer>> Sequencer::start(OpenStore open, SequencerOptions options, const Clock& clock,
                                                    Random& random) {
  std::unique_ptr<Sequencer> sequencer(new Sequencer(std::move(open), options, clock, random));
  STELE_ASSIGN(sequencer->store_, sequencer->open_());
  sequencer->next_index_ = sequencer->store_->size();
  sequencer->last_received_ = sequencer->store_->last_received();
  STELE_TRY(sequencer->store_->publish());
  Sequencer* self = sequencer.get();
  self->committer_ = std::thread([self] { self->commit_loop(); });
  self->sealer_ = std::thread([self] { self->seal_loop(); });
  self->publisher_ = std::thread([self] { self->publish_loop(); });
  self->settler_ = std::thread([self] { self->settle_loop(); });
  return sequencer;
}

Sequencer::~Sequencer() { drain(); }

std::shared_ptr<Store> Sequencer::store() const {
  const std::lock_guard lock(store_mutex_);
  return store_;
}

std::optional<Error> Sequencer::stopped() const {
  const std::lock_guard lock(store_mutex_);
  return stopped_;
}

void Sequencer::submit(event::EntryBatch batch, bool want_bytes, DeliveredCallback done) {
  auto pending = std::make_unique<Pending>();
  pending->want_bytes = want_bytes;
  pending->done = std::move(done);
  submit_batch(std::move(batch), std::move(pending));
}

void Sequencer::submit_note(event::EntryBatch batch, DeliveredCallback done) {
  auto pending = std::make_unique<Pending>();
  pending->follow_up = true;
  pending->done = std::move(done);
  submit_batch(std::move(batch), std::move(pending));
}

// Why a batch is not taken now.
std::optional<Error> Sequencer::refusal(const Pending& pending) {
  const std::uint64_t bytes = pending.bytes;
  if (auto why = stopped()) return why;
  if (ended_) return draining();
  if (pending.follow_up) return std::nullopt;
  if (refusing_) return draining();
  if (bytes > kFramePayloadBytesMax) {
    return Error{Code::kTooLarge, "the entries of one request have " + std::to_string(bytes) + " bytes; at most " +
                                      std::to_string(kFramePayloadBytesMax) + " are written at once"};
  }
  // One that is larger than what may wait goes in when nothing stands before it.
  if (queued_bytes_ + bytes <= options_.queue_bytes_max || (queue_.empty() && queued_bytes_ <= options_.queue_bytes_max))
    return std::nullopt;
  ++counters_.refused_busy;
  return Error{Code::kBusy, "more waits to be written than is taken; try again shortly"};
}

// Admission is short and under the lock: repeats looked up, time taken, places given. Stamping and hashing follow on
// the caller's thread while the batch is hot; the committer waits for a batch's turn and its being ready. Once places are
// given nothing may be left half done: when memory runs out then, the log is stopped and opened anew.
void Sequencer::submit_batch(event::EntryBatch batch, PendingPtr pending) {
  Pending* const place = pending.get();
  place->bytes = batch.bytes().size() + batch.apart_bytes();
  std::vector<bool> keep;
  {
    std::unique_lock lock(queue_mutex_);
    auto refused = refusal(*place);
    if (!refused) {
      try {
        admit(batch, *place, keep);
        queue_.push_back(std::move(pending));
      } catch (const std::exception&) {
        stop_without_memory();
        refused = stopped();
      }
    }
    if (refused) {
      lock.unlock();
      pending->done(*refused);
      return;
    }
    queued_bytes_ += place->bytes;
  }
  try {
    make_ready(std::move(batch), keep, random_, *place);
  } catch (const std::exception&) {
    stop_without_memory();
  }
  {
    // The flag is set under the lock, or the committer could miss the news between its look and its sleep.
    const std::lock_guard lock(queue_mutex_);
    place->ready = true;
  }
  queue_ready_.notify_one();
}

void Sequencer::make_ready(event::EntryBatch batch, const std::vector<bool>& keep, Random& random, Pending& pending) {
  if (!keep.empty()) {
    auto apart = batch.take_apart_but(keep);
    auto value = apart.begin();
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (keep[i]) continue;
      auto& held = pending.held_back.emplace_back();
      held.entry = batch.entry(i);
      for (; value != apart.end() && value->first == i; ++value) held.apart.push_back(std::move(value->second));
    }
    batch.retain(keep);
  }
  batch.stamp(pending.batch.received, random);
  std::vector<ByteSpan> entries(batch.count());
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = as_byte_span(batch.entry(i));
  pending.batch.leaves.resize(entries.size());
  crypto::hash_leaves(entries, pending.batch.leaves.data());
  std::size_t kept = 0;
  for (Placed& placed : pending.placed) {
    if (placed.repeated) continue;
    placed.leaf = pending.batch.leaves[kept];
    placed.id = std::string(as_text(entries[kept]).substr(event::kIdAt, event::kIdWidth));
    ++kept;
  }
  pending.batch.apart = batch.take_apart();
  pending.batch.bytes = std::move(batch).take_bytes();
  if (pending.want_bytes) pending.entry_bytes = pending.batch.bytes;
}

void Sequencer::admit(event::EntryBatch& batch, Pending& pending, std::vector<bool>& keep) {
  last_received_ = std::max(last_received_, clock_.now());
  pending.batch.received = last_received_;
  pending.batch.first_index = next_index_;
  pending.placed.resize(batch.count());
  if (!batch.has_event_ids()) {
    for (Placed& placed : pending.placed) placed.index = next_index_++;
    return;
  }
  const auto current = store();
  DeliveryWindow& window = current->window();
  const std::uint64_t seed = current->identity().fingerprint_seed;
  std::vector<KeyFingerprint> keys(batch.count());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (batch.event_id(i).empty()) continue;
    keys[i] = fingerprint(batch.source_id(), batch.event_id(i), seed);
    window.prefetch(keys[i]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Placed& placed = pending.placed[i];
    const auto before = keys[i] == 0 || pending.force ? std::nullopt : window.find(keys[i]);
    if (before) {
      if (keep.empty()) keep.assign(keys.size(), true);
      keep[i] = false;
      placed.index = *before;
      placed.repeated = true;
      continue;
    }
    placed.index = next_index_++;
    if (keys[i] != 0) window.put(keys[i], placed.index, last_received_);
    pending.batch.keys.push_back(keys[i]);
  }
}

void Sequencer::commit_loop() {
  name_this_thread("commit");
  work_promptly();
  for (;;) {
    std::vector<PendingPtr> group;
    {
      std::unique_lock lock(queue_mutex_);
      queue_ready_.wait(
          lock, [&] { return (!queue_.empty() && queue_.front()->ready) || (refusing_ && queue_.empty() && unsettled_ == 0); });
      if (queue_.empty()) {
        ended_ = true;
        return;
      }
      std::uint64_t bytes = 0;
      while (!queue_.empty() && queue_.front()->ready &&
             (group.empty() || bytes + queue_.front()->bytes <= options_.group_bytes_max)) {
        bytes += queue_.front()->bytes;
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      committing_ = true;
    }
    commit_group(std::move(group));
    const std::lock_guard lock(queue_mutex_);
    committing_ = false;
  }
}

void Sequencer::commit_group(std::vector<PendingPtr> group) {
  const auto current = store();
  auto why = stopped();
  std::optional<Committed> committed;
  if (!why) {
    std::vector<Batch> batches;
    batches.reserve(group.size());
    for (const PendingPtr& pending : group) batches.push_back(std::move(pending->batch));
    auto result = current->commit(batches);
    if (result) {
      committed = std::move(*result);
    } else {
      stop_log(result.error());
      why = stopped();
    }
  }
  if (!committed) {
    for (const PendingPtr& pending : group) {
      queued_bytes_ -= pending->bytes;
      pending->done(*why);
    }
    return;
  }
  ++counters_.commits;
  for (std::size_t i = 0; i < group.size(); ++i) {
    PendingPtr& pending = group[i];
    pending->state = committed->state;
    pending->proof = std::move(committed->proofs[i]);
    std::uint64_t held = 0;
    for (const auto& one : pending->held_back) {
      held += one.entry.size();
      for (const event::ApartValue& value : one.apart) held += value.bytes.size();
    }
    queued_bytes_ -= pending->bytes - std::min(held, pending->bytes);
    pending->bytes = std::min(held, pending->bytes);
    if (!pending->held_back.empty()) {
      {
        const std::lock_guard lock(queue_mutex_);
        ++unsettled_;
      }
      const std::lock_guard lock(settle_mutex_);
      to_settle_.push_back(std::move(pending));
      settle_ready_.notify_one();
      continue;
    }
    counters_.events += pending->placed.size();
    Delivered out;
    if (!pending->placed.empty()) {
      out.ranges.push_back({pending->placed.front().index, pending->placed.size(), std::move(pending->proof)});
    }
    out.placed = std::move(pending->placed);
    out.state = std::move(pending->state);
    out.bytes = std::move(pending->entry_bytes);
    pending->done(std::move(out));
  }
  while (current->sealing_is_behind() && !stopped()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Sequencer::seal_loop() {
  name_this_thread("seal");
  work_in_background();
  for (;;) {
    bool more = false;
    {
      const std::lock_guard lock(housekeeping_mutex_);
      if (!stopped()) {
        const auto result = store()->seal();
        if (!result) stop_log(result.error());
        more = result && *result;
      } else {
        try_reopen();
      }
    }
    if (!more && sleep_until_stop(20'000'000)) return;
    if (more && sleep_until_stop(0)) return;
  }
}

void Sequencer::publish_loop() {
  name_this_thread("publish");
  constexpr std::int64_t kTick = 20'000'000;
  std::int64_t published_at = clock_.monotonic();  // start() did
  while (!sleep_until_stop(std::min(kTick, options_.publish_every))) {
    const std::lock_guard lock(publish_mutex_);
    if (stopped()) continue;
    const auto current = store();
    const auto last = current->published();
    const bool news = last == nullptr || last->size != current->size();
    if (news && clock_.monotonic() - published_at >= options_.publish_every) {
      published_at = clock_.monotonic();
      if (const Status status = current->publish(); !status) stop_log(status.error());
    }
    current->prepare_space();
  }
}

bool Sequencer::sleep_until_stop(std::int64_t nanos) {
  std::unique_lock lock(stop_mutex_);
  return stop_.wait_for(lock, std::chrono::nanoseconds(nanos), [&] { return stopping_; });
}

void Sequencer::stop_log(const Error& error) {
  const std::lock_guard lock(store_mutex_);
  if (stopped_) return;
  stopped_ = unavailable("the log has stopped taking events: " + error.message +
                         "; what was acknowledged is kept, and it is tried again");
  reopen_at_ = clock_.monotonic() + options_.reopen_every;
  ++counters_.stops;
}

// With no memory left to say it in, the process ends, as in any other crash.
void Sequencer::stop_without_memory() noexcept { stop_log(unavailable("memory ran out while a batch was taken in")); }

// Opens the log anew, as after a crash, once nothing is under way in the old store.
void Sequencer::try_reopen() {
  {
    const std::lock_guard lock(store_mutex_);
    if (clock_.monotonic() < reopen_at_) return;
    reopen_at_ = clock_.monotonic() + options_.reopen_every;
  }
  const std::lock_guard publishing(publish_mutex_);
  {
    // As long as the log is stopped nothing is admitted, so what is idle stays so while the store is opened.
    const std::lock_guard queue(queue_mutex_);
    if (committing_ || !queue_.empty()) return;
  }
  auto opened = open_();
  if (!opened) {
    const std::lock_guard lock(store_mutex_);
    stopped_ = unavailable("the log has stopped taking events: " + opened.error().message + "; it is tried again");
    return;
  }
  const std::lock_guard queue(queue_mutex_);
  const std::lock_guard lock(store_mutex_);
  store_ = std::move(*opened);
  next_index_ = store_->size();
  last_received_ = std::max(last_received_, store_->last_received());
  stopped_.reset();
}

void Sequencer::drain() {
  {
    const std::lock_guard lock(queue_mutex_);
    if (refusing_) return;
    refusing_ = true;
  }
  queue_ready_.notify_all();
  if (!committer_.joinable()) return;  // never started
  committer_.join();
  {
    const std::lock_guard lock(settle_mutex_);
    settle_stop_ = true;
  }
  settle_ready_.notify_all();
  settler_.join();
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  sealer_.join();
  publisher_.join();
  if (!stopped() && store()->publish()) (void)store()->cut_journal();
}

}  // namespace stele::log
