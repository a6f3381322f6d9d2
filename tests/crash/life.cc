#include "crash/life.h"

#include <algorithm>
#include <array>

#include "event/entry.h"
#include "log/tree_files.h"
#include "merkle/tree.h"

namespace stele::testing {
namespace {

const std::string kDir = "log";
constexpr std::size_t kTraceMax = 80;

std::string_view kind_name(CrashKind kind) { return kind == CrashKind::kKill ? "kill" : "power cut"; }

std::string range(std::uint64_t first, std::uint64_t count) { return "[" + std::to_string(first) + ", +" + std::to_string(count) + ")"; }

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  crashes += other.crashes;
  kills += other.kills;
  power_cuts += other.power_cuts;
  in_recovery += other.in_recovery;
  kill_then_power += other.kill_then_power;
  failures += other.failures;
  full_disks += other.full_disks;
  recoveries += other.recoveries;
  clean_stops += other.clean_stops;
  commits += other.commits;
  entries += other.entries;
  seals += other.seals;
  merges += other.merges;
  publications += other.publications;
  tails_kept += other.tails_kept;
  tails_dropped += other.tails_dropped;
  return *this;
}

std::string Tally::text() const {
  const auto n = [](std::uint64_t value) { return std::to_string(value); };
  return n(crashes) + " crashes (" + n(kills) + " kills, " + n(power_cuts) + " power cuts, " + n(kill_then_power) + " power cuts upon a kill, " +
         n(in_recovery) + " in a recovery), " + n(failures) + " failed operations, " + n(full_disks) + " full disks, " + n(recoveries) +
         " recoveries, " + n(clean_stops) + " clean stops; " + n(commits) + " commits of " + n(entries) + " entries, " + n(seals) +
         " seals, " + n(merges) + " merges, " + n(publications) + " publications; unacknowledged tails: " + n(tails_kept) + " kept, " +
         n(tails_dropped) + " dropped";
}

Life::Life(const LifeOptions& options)
    : options_(options),
      prng_(mix64(options.seed, 10)),
      fs_(SimOptions{.seed = options.seed, .reorder_names = options.reorder_names, .stale_garbage = options.stale_garbage}),
      workload_(mix64(options.seed, 11)) {}

std::optional<std::string> Life::live() {
  begin();
  while (!over()) {
    recover();
    if (over()) break;
    work();
  }
  if (!complained()) check_everything();
  if (!complained()) return std::nullopt;
  std::string out = complaint_ + "\nafter " + tally_.text() + "\n";
  for (const std::string& line : trace_) out += "  " + line + "\n";
  return out + fs_.describe(80);
}

void Life::begin() {
  const auto identity = create_test_log(fs_, kDir, options_.seed);
  if (!identity) return complain("create", identity.error().message);
  fingerprint_seed_ = identity->fingerprint_seed;
  promises_ = std::make_unique<Promises>(identity->key);
  if (options_.entries_first == 0) return;
  if (!try_open()) return complain("create", "the new log does not open");
  while (!complained() && promises_->size() < options_.entries_first) {
    const std::uint64_t count = std::min<std::uint64_t>(4'000, options_.entries_first - promises_->size());
    clock_.advance(kMillisecond);
    received_last_ = clock_.now();
    commit(workload_.bulk(promises_->size(), received_last_, count, fingerprint_seed_));
    if (!complained()) seal();
  }
}

// Faults. ----------------------------------------------------------------------------------------------------------

// Within the next `operations_max` operations that change something.
void Life::arm_fault(std::uint64_t operations_max) {
  const std::uint64_t at = 1 + prng_.below(operations_max);
  if (prng_.chance(3, 4)) {
    crash_armed_ = prng_.chance(1, 2) ? CrashKind::kKill : CrashKind::kPower;
    fs_.fail_after(at, *crash_armed_);
    return trace(std::string(kind_name(*crash_armed_)) + " in operation " + std::to_string(at) + " from here");
  }
  if (prng_.chance(1, 4)) {
    full_ = true;
    fs_.set_capacity(fs_.used() + prng_.below(30'000));
    ++tally_.full_disks;
    return trace("the disk is nearly full");
  }
  constexpr std::array kOps{Op::kCreate, Op::kWrite, Op::kWrite, Op::kTruncate, Op::kSync, Op::kSync, Op::kRename, Op::kRemove, Op::kSyncDir};
  const Op op = kOps[prng_.below(kOps.size())];
  const std::uint64_t k = 1 + prng_.below(op == Op::kWrite || op == Op::kSync ? at : 1 + at / 8);
  fs_.fail(op, k);
  armed_ = true;
  trace(std::string(op_name(op)) + " number " + std::to_string(k) + " from here fails");
}

void Life::note_crash(CrashKind kind) {
  ++tally_.crashes;
  ++(kind == CrashKind::kKill ? tally_.kills : tally_.power_cuts);
  armed_ = false;
  crash_armed_.reset();
  trace(std::string(kind_name(kind)));
}

// Between two operations.
void Life::crash_now() {
  const CrashKind kind = prng_.chance(1, 2) ? CrashKind::kKill : CrashKind::kPower;
  fs_.crash(kind);
  note_crash(kind);
}

// False when the store must be opened anew: it failed, or the machine did.
bool Life::worked(const Status& status, std::string_view what) {
  if (fs_.crashed()) {
    note_crash(*crash_armed_);
    fs_.reboot();
  } else if (status) {
    return true;
  } else if (!armed_ && !full_) {
    complain(what, status.error().message + " (without a cause)");
  } else if (status.error().code != Code::kIo) {
    complain(what, status.error().message + " (" + std::string(code_name(status.error().code)) + ")");
  } else {
    ++tally_.failures;
    trace(std::string(what) + " fails: " + status.error().message);
  }
  store_.reset();
  return false;
}

void Life::free_disk() {
  full_ = false;
  fs_.set_capacity(std::nullopt);
  trace("the disk has room again");
}

// Work. ------------------------------------------------------------------------------------------------------------

void Life::work() {
  if (!armed_ && !crash_armed_ && !full_ && prng_.chance(7, 8)) arm_fault(36);
  for (std::uint64_t steps = 4 + prng_.below(20); steps > 0 && store_ != nullptr && !complained(); --steps) {
    const std::uint64_t draw = prng_.below(100);
    clock_.advance(draw == 0 ? 40 * kSecond : static_cast<std::int64_t>(prng_.below(20 * kMillisecond)));
    if (draw == 1) clock_.step(-5 * kSecond);
    if (draw < 70) {
      received_last_ = std::max(received_last_, clock_.now());
      commit(workload_.group(promises_->size(), received_last_, 600, fingerprint_seed_));
    } else if (draw < 85) {
      seal();
    } else if (draw < 98) {
      publish();
    } else {
      stop_cleanly();
    }
  }
  if (complained()) return;
  if (store_ != nullptr && prng_.chance(1, 4)) stop_cleanly();
  store_.reset();
  // Upon a failure the log is opened again, by a process that lives on or a new one; now and then the power goes first.
  if (full_ && prng_.chance(1, 4)) free_disk();
  if (prng_.chance(1, 3)) {
    if (!trace_.empty() && trace_.back() == "kill") ++tally_.kill_then_power;
    fs_.crash(CrashKind::kPower);
    note_crash(CrashKind::kPower);
  } else if (prng_.chance(1, 4)) {
    crash_now();
  }
}

void Life::commit(Group group) {
  const std::uint64_t first = promises_->size();
  trace("commit " + range(first, group.count));
  // As the sequencer does: keys are remembered before the commit.
  for (const Delivery& one : group.deliveries) store_->window().put(one.key, one.index, one.received);
  std::vector<std::uint64_t> counts;
  for (const log::Batch& batch : group.batches) counts.push_back(batch.leaves.size());
  auto committed = store_->commit(group.batches);
  pending_ = std::move(group);
  if (!committed) {
    (void)worked(committed.error(), "commit");
    return;
  }
  // An acknowledged commit is acknowledged, also when the machine has gone down since.
  promises_->acknowledge(pending_->bundle, pending_->received, pending_->deliveries);
  pending_.reset();
  ++tally_.commits;
  tally_.entries += promises_->size() - first;
  complain("commit", promises_->hand_out(*committed->state));
  if (prng_.chance(1, 64)) complain("commit", promises_->check_signature(*committed->state));
  std::uint64_t at = first;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const Status proven = merkle::verify_range(at, promises_->leaves(at, counts[i]), committed->state->size, committed->proofs.at(i), committed->state->root);
    if (!proven) complain("proof of " + range(at, counts[i]), proven.error().message);
    at += counts[i];
  }
}

void Life::seal() {
  for (;;) {
    const std::uint64_t sealed = store_->sealed_size();
    const auto more = store_->seal();
    if (more && *more) {
      ++(store_->sealed_size() > sealed ? tally_.seals : tally_.merges);
      trace("sealed to " + std::to_string(store_->sealed_size()));
    }
    if (!worked(more ? Status() : Status(more.error()), "seal")) return;
    if (!*more) return;
  }
}

void Life::publish() {
  const Status status = store_->publish();
  if (status) {
    complain("publish", promises_->publish(*store_->published()));
    ++tally_.publications;
    trace("published " + std::to_string(store_->published()->size));
  }
  (void)worked(status, "publish");
}

void Life::stop_cleanly() {
  publish();
  if (store_ == nullptr || complained()) return;
  if (!worked(store_->cut_journal(), "cut")) return;
  ++tally_.clean_stops;
  trace("stopped cleanly");
  store_.reset();
}

// Recovery. --------------------------------------------------------------------------------------------------------

void Life::recover() {
  for (unsigned tries = 0;; ++tries) {
    if (!armed_ && !crash_armed_ && !full_ && tries < 6 && prng_.chance(1, 2)) arm_fault(24);
    if (try_open() || complained()) break;
    // A full disk, or what was armed. The last tries are left alone.
    if (full_ && prng_.chance(1, 3)) free_disk();
    if (tries < 6 && prng_.chance(1, 4)) {
      if (trace_.back() == "kill") ++tally_.kill_then_power;
      fs_.crash(CrashKind::kPower);
      note_crash(CrashKind::kPower);
    }
  }
  if (complained()) return;
  settle_pending();
  if (!complained()) check_promises();
}

bool Life::try_open() {
  auto opened = open_test_log(fs_, kDir, options_.store, clock_);
  const std::uint64_t crashes = tally_.crashes;
  if (opened) {
    store_ = std::move(*opened);
    if (!fs_.crashed()) {
      ++tally_.recoveries;
      trace("opened with " + std::to_string(store_->size()) + " entries, " + std::to_string(store_->sealed_size()) + " sealed");
      return true;
    }
  }
  if (worked(opened ? Status() : Status(opened.error()), "open")) complain("open", "the machine is up, yet the store is not");
  tally_.in_recovery += tally_.crashes - crashes;
  return false;
}

// A group that was not acknowledged is there whole or not at all; what is there now stays.
void Life::settle_pending() {
  const std::uint64_t promised = promises_->size();
  const std::uint64_t size = store_->size();
  if (size < promised) {
    return complain("recovery", "entries " + range(size, promised - size) + " were acknowledged and are lost");
  }
  if (pending_ && size == promised + pending_->count) {
    promises_->acknowledge(pending_->bundle, pending_->received, pending_->deliveries);
    ++tally_.tails_kept;
  } else if (size != promised) {
    return complain("recovery", std::to_string(promised) + " entries were acknowledged, " + std::to_string(pending_ ? pending_->count : 0) +
                                    " were not; " + std::to_string(size) + " are there");
  } else if (pending_) {
    ++tally_.tails_dropped;
  }
  pending_.reset();
}

void Life::check_promises() {
  complain("recovery", promises_->hand_out(*store_->latest()));
  complain("recovery", promises_->check_published(store_->published().get()));
  if (store_->last_received() < promises_->received_last()) complain("recovery", "the time of receipt went back");
  received_last_ = std::max({received_last_, store_->last_received(), promises_->received_last()});
  check_reads();
  check_window();
  if (prng_.chance(1, 4)) check_proofs();
}

// The last entries, and some others.
void Life::check_reads() {
  const std::uint64_t size = promises_->size();
  if (size == 0) return;
  std::array<std::uint64_t, 3> firsts{size - std::min<std::uint64_t>(size, 16), prng_.below(size), prng_.below(size)};
  for (const std::uint64_t first : firsts) {
    const std::uint64_t count = std::min<std::uint64_t>(size - first, 1 + prng_.below(24));
    const auto bytes = store_->read(first, count);
    if (!bytes) complain("read " + range(first, count), bytes.error().message);
    else if (*bytes != promises_->bytes(first, count)) complain("read " + range(first, count), "other bytes than were acknowledged");
  }
}

void Life::check_window() {
  const auto& all = promises_->deliveries();
  const UnixNanos now = std::max(clock_.now(), received_last_);  // as the sequencer tells it
  const auto check = [&](const Delivery& one) {
    if (now - one.received > options_.store.window_span) return;
    const auto found = store_->window().find(one.key);
    if (found != one.index) complain("window", "the delivery of entry " + std::to_string(one.index) + " is forgotten");
  };
  const std::size_t within = std::min<std::size_t>(all.size(), options_.store.window_keys_max);
  for (std::size_t i = 0; i < std::min<std::size_t>(within, 8); ++i) {
    check(all[all.size() - 1 - i]);
    check(all[all.size() - 1 - prng_.below(within)]);
  }
}

// From an old signed state to the latest, and of one old entry.
void Life::check_proofs() {
  const auto& latest = *store_->latest();
  if (latest.size == 0) return;
  const auto nodes = store_->node_reader();
  auto old = promises_->signed_roots().lower_bound(prng_.below(latest.size));
  const auto consistency = merkle::consistency_proof(old->first, latest.size, nodes);
  if (!consistency) return complain("consistency", consistency.error().message);
  const Status consistent = merkle::verify_consistency(old->first, old->second, latest.size, latest.root, *consistency);
  if (!consistent) complain("consistency with " + std::to_string(old->first), consistent.error().message);
  const std::uint64_t index = prng_.below(latest.size);
  const auto inclusion = merkle::inclusion_proof(index, latest.size, nodes);
  if (!inclusion) return complain("inclusion", inclusion.error().message);
  const Status included = merkle::verify_inclusion(index, promises_->leaves(index, 1)[0], latest.size, *inclusion, latest.root);
  if (!included) complain("inclusion of " + std::to_string(index), included.error().message);
  const auto& published = promises_->published_sizes();
  if (published.empty()) return;
  const std::uint64_t size = published[prng_.below(published.size())];
  const auto state = store_->signed_state(size);
  if (!state) complain("the state published at " + std::to_string(size), state.error().message);
  else if ((*state)->root != promises_->signed_roots().at(size)) complain("the state published at " + std::to_string(size), "has another root");
}

// At the end, on a disk that behaves: every byte, every root, every stored hash.
void Life::check_everything() {
  store_.reset();
  fs_.crash(prng_.chance(1, 2) ? CrashKind::kKill : CrashKind::kPower);
  armed_ = false;
  crash_armed_.reset();
  if (full_) free_disk();
  trace("the end");
  if (!try_open()) return complain("open", "fails at the end");
  settle_pending();
  if (complained()) return;
  check_promises();
  const std::uint64_t size = promises_->size();
  if (size == 0 || complained()) return;
  const auto bytes = store_->read(0, size);
  if (!bytes) return complain("reading everything", bytes.error().message);
  if (*bytes != promises_->bytes(0, size)) return complain("reading everything", "other bytes than were acknowledged");
  UnixNanos before = 0;
  const Status read = event::for_each_entry(*bytes, [&](std::string_view entry) {
    const auto received = event::read_received(entry);
    if (!received || *received < before) complain("reading everything", "the time of receipt went back");
    before = received.value_or(before);
  });
  if (!read) complain("reading everything", read.error().message);
  complain("recomputing", promises_->recompute());
  complain("recomputing", promises_->check_signature(*store_->latest()));
  for (const std::uint64_t published : promises_->published_sizes()) {
    const auto state = store_->signed_state(published);
    if (!state) complain("the state published at " + std::to_string(published), state.error().message);
    else if ((*state)->root != promises_->signed_roots().at(published)) complain("the state published at " + std::to_string(published), "has another root");
  }
  // Both copies of every stored hash, from the disk.
  const auto tree = log::TreeFiles::open(fs_, kDir + "/tree", store_->sealed_size() / log::kBundleEntries);
  if (!tree) return complain("tree files", tree.error().message);
  for (std::uint64_t bundle = 0; bundle < store_->sealed_size() / log::kBundleEntries; ++bundle) {
    const Hash root = merkle::root_of(promises_->leaves(bundle * log::kBundleEntries, log::kBundleEntries));
    for (const bool copy : {false, true}) {
      const auto stored = (*tree)->read(1, bundle, 1, copy);
      if (!stored || stored->front() != root) complain("tree files", "the stored root of bundle " + std::to_string(bundle) + " is wrong");
    }
  }
}

void Life::trace(std::string line) {
  trace_.push_back(std::move(line));
  if (trace_.size() > kTraceMax) trace_.pop_front();
}

void Life::complain(std::string_view what, const std::string& complaint) {
  if (complaint.empty() || complained()) return;
  complaint_ = std::string(what) + ": " + complaint;
}

}  // namespace stele::testing
