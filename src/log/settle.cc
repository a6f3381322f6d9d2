// Repeated deliveries: what looked like one is compared with what is stored, byte for byte, before it is believed.
#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "apart/commitment.h"
#include "base/json_text.h"
#include "base/threads.h"
#include "crypto/sha256.h"
#include "event/delivery_key.h"
#include "event/json_value.h"
#include "log/sequencer.h"

namespace stele::log {
namespace {

enum class Verdict { kSame, kOtherBytes, kOtherKey };

// A text with each commitment replaced by the digest of what it stands for, itself so resolved, that two texts can be compared
// whose values were committed to with different salts.
class Resolver {
 public:
  using Look = std::function<Result<std::string>(const apart::CommitmentAt&)>;
  // Of those whose place, counted in the order in which they are met, is in `blank` the length alone stands there.
  Resolver(const Look& look, const std::set<std::size_t>& blank) : look_(look), blank_(blank) {}

  std::string resolve(std::string_view text) {
    std::string out;
    std::size_t from = 0;
    apart::for_each_commitment(text, [&](const apart::CommitmentAt& at) {
      out.append(text, from, at.at - from);
      from = at.at + kCommitmentChars;
      const std::size_t place = met_++;
      if (blank_.contains(place)) return;
      const auto value = look_(at);
      if (value) {
        out += hex_encode(as_byte_span(crypto::sha256(as_byte_span(resolve(*value)))));
      } else if (value.error().code == Code::kNotFound) {
        erased_.insert(place);
      } else {
        failure_ = value.error();
      }
    });
    return out.append(text, from);
  }

  [[nodiscard]] const std::set<std::size_t>& erased() const { return erased_; }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  static constexpr std::size_t kCommitmentChars = 44;
  const Look& look_;
  const std::set<std::size_t>& blank_;
  std::size_t met_ = 0;
  std::set<std::size_t> erased_;
  std::optional<Error> failure_;
};

// Whether they say the same, whatever the salts. A value that was erased is taken for what it is compared with; one that cannot
// be read for another, so that what came is kept and not taken for known. kIo passes.
Result<bool> say_the_same(std::string_view submitted, const std::vector<event::ApartValue>& values, std::string_view stored,
                          const ApartStore& apart) {
  if (submitted == stored) return true;
  const Resolver::Look of_submitted = [&](const apart::CommitmentAt& at) -> Result<std::string> {
    for (const event::ApartValue& value : values) {
      if (value.kind == at.kind && value.commitment == at.commitment) return value.bytes;
    }
    return Error{Code::kInternal, "a value was submitted without its bytes"};
  };
  const Resolver::Look of_stored = [&](const apart::CommitmentAt& at) -> Result<std::string> {
    STELE_ASSIGN(event::ApartValue value, apart.read(at.kind, at.commitment));
    return std::move(value.bytes);
  };
  const std::set<std::size_t> none;
  Resolver old(of_stored, none);
  const std::string old_text = old.resolve(stored);
  if (old.failure() && old.failure()->code == Code::kIo) return *old.failure();
  if (old.failure()) return false;
  Resolver fresh(of_submitted, old.erased());
  return fresh.resolve(submitted) == old_text;
}

Result<Verdict> compare(std::string_view submitted, const std::vector<event::ApartValue>& values, std::string_view stored,
                        const ApartStore& apart) {
  event::DeliveryKeyReader reader;
  STELE_ASSIGN(const auto new_key, reader.read(submitted));
  STELE_ASSIGN(const auto old_key, reader.read(stored));
  if (!new_key || !old_key || new_key->source_id != old_key->source_id || new_key->event_id != old_key->event_id)
    return Verdict::kOtherKey;
  STELE_ASSIGN(const event::EntryView new_view, event::read_entry(submitted));
  STELE_ASSIGN(const event::EntryView old_view, event::read_entry(stored));
  // Where the input was kept it is what was sent; the event may have the time of its arrival in it.
  STELE_ASSIGN(const bool same, new_view.original.empty() ? say_the_same(new_view.event, values, old_view.event, apart)
                                                          : say_the_same(new_view.original, values, old_view.original, apart));
  return same ? Verdict::kSame : Verdict::kOtherBytes;
}

// The number that an entry has of its source, and which run that counts in, as JSON texts.
std::pair<std::string, std::string> number_of(std::string_view entry) {
  event::JsonTape tape;
  event::JsonError error;
  const auto view = event::read_entry(entry);
  if (!view || !tape.parse(view->event, {}, error)) return {};
  const event::JsonValue event(tape);
  return {std::string(event["seq"].raw()), std::string(event["context"]["sequence"].raw())};
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
  if (view) out += ",\"sent_by\":" + std::string(view->source);  // whom the server saw send it
  out += ",\"refused_sha256\":\"" + hex_encode(as_byte_span(digest)) + "\"}}";
  return out;
}

// Runs of consecutive indices among what was placed, each with its proof to `state`.
Result<std::vector<ProvenRange>> prove_ranges(const Store& store, const std::vector<Placed>& placed, const SignedState& state) {
  std::map<std::uint64_t, Hash> leaves;
  for (const Placed& one : placed) {
    if (!one.error) leaves.emplace(one.index, one.leaf);
  }
  std::vector<ProvenRange> ranges;
  std::vector<Hash> run;
  for (auto it = leaves.begin(); it != leaves.end();) {
    ProvenRange range{it->first, 0, {}};
    run.clear();
    for (; it != leaves.end() && it->first == range.first + range.count; ++it, ++range.count) run.push_back(it->second);
    STELE_ASSIGN(range.proof, store.prove(range.first, run, state));
    ranges.push_back(std::move(range));
  }
  return ranges;
}

constexpr std::size_t kFollowUpBytesMax = 4U << 20;  // in one commit, but for a last entry

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
    auto delivered = settle(*pending);
    queued_bytes_ -= pending->bytes;
    pending->done(std::move(delivered));
    {
      const std::lock_guard lock(queue_mutex_);
      --unsettled_;
    }
    queue_ready_.notify_one();
  }
}

// Entries that must be durable before the answer: notes of conflicts, or events that were no repeats after all.
struct Sequencer::FollowUp {
  bool force = false;
  std::optional<event::EntryBatch> batch;
  std::vector<Placed*> places;  // of the events that they are for
};

// What follows from one event that was held back: nothing, or a further entry.
Status Sequencer::look_at(Pending::HeldBack& held, Placed& placed, const Store& store, FollowUp& conflicts, FollowUp& others) {
  const std::string& submitted = held.entry;
  STELE_ASSIGN(const std::string stored, store.read(placed.index, 1));
  const std::string_view entry = std::string_view(stored).substr(2);
  STELE_ASSIGN(const Verdict verdict, compare(submitted, held.apart, entry, store.apart()));
  if (verdict == Verdict::kSame) {
    placed.leaf = crypto::hash_leaf(as_byte_span(entry));
    placed.id = entry.substr(event::kIdAt, event::kIdWidth);
    placed.renumbered = number_of(submitted) != number_of(entry);
    ++counters_.repeated;
    return {};
  }
  STELE_ASSIGN(const auto key, event::DeliveryKeyReader().read(submitted));
  STELE_ASSIGN(const event::EntryView view, event::read_entry(submitted));
  if (!key) return Error{Code::kInternal, "an event without an id was held back"};
  if (verdict == Verdict::kOtherBytes) {
    if (!conflicts.batch) conflicts.batch.emplace(event::Source{"stele", "internal", "", ""});
    conflicts.places.push_back(&placed);
    return conflicts.batch->add(conflict_event(*key, placed.index, submitted, clock_.now()), {}, {}, {});
  }
  if (!others.batch) others.batch.emplace(key->source_id, std::string(view.source));
  others.places.push_back(&placed);
  STELE_TRY(others.batch->add(view.event, view.derived, view.original, key->event_id));
  others.batch->keep_apart(std::move(held.apart));
  return {};
}

// Makes it durable and empties it.
Status Sequencer::store_follow_up(FollowUp& follow_up, Pending& pending) {
  if (!follow_up.batch) return {};
  std::promise<Result<Delivered>> promise;
  auto submission = std::make_unique<Pending>();
  submission->force = follow_up.force;
  submission->follow_up = true;
  submission->done = [&promise](Result<Delivered> result) { promise.set_value(std::move(result)); };
  submit_batch(std::move(*follow_up.batch), std::move(submission));
  follow_up.batch.reset();
  const std::vector<Placed*> places = std::exchange(follow_up.places, {});
  STELE_ASSIGN(Delivered delivered, promise.get_future().get());
  pending.state = delivered.state;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (follow_up.force) {
      *places[i] = std::move(delivered.placed[i]);
      continue;
    }
    ++counters_.conflicts;
    const std::uint64_t before = std::exchange(*places[i], Placed{}).index;
    places[i]->error = Error{Code::kConflict, "the source sent another event under this id before, stored as entry " +
                                                  std::to_string(before) + "; give the new event an id of its own"};
  }
  return {};
}

Result<Delivered> Sequencer::settle(Pending& pending) {
  const auto current = store();
  FollowUp conflicts;
  FollowUp others{.force = true, .batch = {}, .places = {}};
  std::size_t held = 0;
  for (Placed& placed : pending.placed) {
    if (!placed.repeated) {
      ++counters_.events;
      continue;
    }
    STELE_TRY(look_at(pending.held_back[held++], placed, *current, conflicts, others));
    for (FollowUp* follow_up : {&conflicts, &others}) {
      if (follow_up->batch && follow_up->batch->bytes().size() >= kFollowUpBytesMax)
        STELE_TRY(store_follow_up(*follow_up, pending));
    }
  }
  STELE_TRY(store_follow_up(conflicts, pending));
  STELE_TRY(store_follow_up(others, pending));

  const auto latest = store();
  Delivered out;
  STELE_ASSIGN(out.ranges, prove_ranges(*latest, pending.placed, *pending.state));
  if (pending.want_bytes) {
    for (const Placed& placed : pending.placed) {
      if (placed.error) continue;
      STELE_ASSIGN(const std::string stored, latest->read(placed.index, 1));
      out.bytes += stored;
    }
  }
  out.placed = std::move(pending.placed);
  out.state = std::move(pending.state);
  return out;
}

}  // namespace stele::log
