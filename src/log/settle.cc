// Repeated deliveries: what looked like one is compared with what is stored, byte for byte, before it is believed.
#include <algorithm>
#include <future>
#include <utility>

#include "base/json_text.h"
#include "base/threads.h"
#include "crypto/sha256.h"
#include "log/sequencer.h"

namespace stele::log {
namespace {

enum class Verdict { kSame, kOtherBytes, kOtherKey };

Result<Verdict> compare(std::string_view submitted, std::string_view stored) {
  STELE_ASSIGN(const auto new_key, event::read_delivery_key(submitted));
  STELE_ASSIGN(const auto old_key, event::read_delivery_key(stored));
  if (!new_key || !old_key || new_key->source_id != old_key->source_id || new_key->event_id != old_key->event_id)
    return Verdict::kOtherKey;
  STELE_ASSIGN(const event::EntryView new_view, event::read_entry(submitted));
  STELE_ASSIGN(const event::EntryView old_view, event::read_entry(stored));
  return new_view.event == old_view.event ? Verdict::kSame : Verdict::kOtherBytes;
}

// The entry that says what was refused: who sent what under an id that stands for something else.
std::string conflict_event(const event::DeliveryKey& key, std::uint64_t first_index, std::string_view submitted, UnixNanos now) {
  const auto view = event::read_entry(submitted);
  const Hash digest = crypto::sha256(as_byte_span(view ? view->event : submitted));
  std::string out =
      "{\"time\":\"" + format_time(now) + R"(","actor":{"type":"service","id":"stele"},"action":"stele.id_conflict",)";
  out += R"("category":"security_event","outcome":"failure","targets":[{"type":"entry","id":")" + std::to_string(first_index) +
         "\"}],";
  out += R"("severity":"warning","message":"An event was refused: its id is that of another event from the same source.",)";
  out += "\"attributes\":{\"source\":";
  append_json_string(out, key.source_id);
  out += ",\"event_id\":";
  append_json_string(out, key.event_id);
  out += ",\"refused_sha256\":\"" + hex_encode(as_byte_span(digest)) + "\"}}";
  return out;
}

// Runs of consecutive indices among what was placed, each with its proof to `state`.
Result<std::vector<ProvenRange>> prove_ranges(const Store& store, const std::vector<Placed>& placed, const SignedState& state) {
  std::vector<std::uint64_t> indices;
  for (const Placed& one : placed) {
    if (!one.error) indices.push_back(one.index);
  }
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  std::vector<ProvenRange> ranges;
  for (const std::uint64_t index : indices) {
    if (!ranges.empty() && ranges.back().first + ranges.back().count == index)
      ++ranges.back().count;
    else
      ranges.push_back({index, 1, {}});
  }
  const auto nodes = store.node_reader();
  for (ProvenRange& range : ranges) {
    STELE_ASSIGN(range.proof, merkle::range_proof(range.first, range.count, state.size, nodes));
  }
  return ranges;
}

}  // namespace

void Sequencer::settle_loop() {
  name_this_thread("settle");
  for (;;) {
    PendingPtr pending;
    {
      std::unique_lock lock(settle_mutex_);
      settle_ready_.wait(lock, [&] { return !to_settle_.empty() || settle_stop_; });
      if (to_settle_.empty()) return;
      pending = std::move(to_settle_.front());
      to_settle_.pop_front();
    }
    settle(std::move(pending));
    {
      const std::lock_guard lock(queue_mutex_);
      --unsettled_;
    }
    queue_ready_.notify_one();
  }
}

void Sequencer::settle(PendingPtr pending) {
  const auto current = store();
  std::size_t held = 0;
  // Follow-ups that must be durable before the answer: notes of conflicts, and events that were no repeats after all.
  const auto store_now = [this](event::EntryBatch batch, bool force) -> Result<Delivered> {
    std::promise<Result<Delivered>> promise;
    auto follow_up = std::make_unique<Pending>();
    follow_up->force = force;
    follow_up->follow_up = true;
    follow_up->done = [&promise](Result<Delivered> result) { promise.set_value(std::move(result)); };
    submit_batch(std::move(batch), std::move(follow_up));
    return promise.get_future().get();
  };

  for (Placed& placed : pending->placed) {
    if (!placed.repeated) {
      ++counters_.events;
      continue;
    }
    const std::string submitted = std::move(pending->held_back[held++]);
    const auto stored = current->read(placed.index, 1);
    if (!stored) return pending->done(stored.error());
    const std::string_view entry = std::string_view(*stored).substr(2);
    const auto verdict = compare(submitted, entry);
    if (!verdict) return pending->done(verdict.error());
    if (*verdict == Verdict::kSame) {
      placed.leaf = crypto::hash_leaf(as_byte_span(entry));
      placed.id = entry.substr(event::kIdAt, event::kIdWidth);
      ++counters_.repeated;
      continue;
    }
    const auto key = event::read_delivery_key(submitted);
    const auto view = event::read_entry(submitted);
    if (!key || !*key || !view) return pending->done(Error{Code::kInternal, "a held-back entry cannot be read"});
    const bool conflict = *verdict == Verdict::kOtherBytes;
    event::EntryBatch follow_up = conflict ? event::EntryBatch({"stele", "internal", "", ""})
                                           : event::EntryBatch((*key)->source_id, std::string(view->source));
    const Status added = conflict ? follow_up.add(conflict_event(**key, placed.index, submitted, clock_.now()), {}, {}, {})
                                  : follow_up.add(view->event, view->derived, view->original, (*key)->event_id);
    if (!added) return pending->done(added.error());
    auto stored_now = store_now(std::move(follow_up), !conflict);
    if (!stored_now) return pending->done(stored_now.error());
    pending->state = stored_now->state;
    if (!conflict) {
      placed = std::move(stored_now->placed.front());
      continue;
    }
    ++counters_.conflicts;
    const std::uint64_t before = std::exchange(placed, Placed{}).index;
    placed.error = Error{Code::kConflict, "the source sent another event under this id before, stored as entry " +
                                              std::to_string(before) + "; give the new event an id of its own"};
  }
  const auto latest = store();
  auto ranges = prove_ranges(*latest, pending->placed, *pending->state);
  if (!ranges) return pending->done(ranges.error());
  Delivered out;
  if (pending->want_bytes) {
    for (const Placed& placed : pending->placed) {
      if (placed.error) continue;
      const auto stored = latest->read(placed.index, 1);
      if (!stored) return pending->done(stored.error());
      out.bytes += *stored;
    }
  }
  out.placed = std::move(pending->placed);
  out.ranges = std::move(*ranges);
  out.state = std::move(pending->state);
  pending->done(std::move(out));
}

}  // namespace stele::log
