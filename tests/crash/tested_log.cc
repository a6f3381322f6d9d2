#include "crash/tested_log.h"

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

std::string range(std::uint64_t first, std::uint64_t count) {
  return "[" + std::to_string(first) + ", +" + std::to_string(count) + ")";
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  crashes += other.crashes;
  kills += other.kills;
  power_cuts += other.power_cuts;
  in_recovery += other.in_recovery;
  power_cuts_upon_kill += other.power_cuts_upon_kill;
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
  return n(crashes) + " crashes (" + n(kills) + " kills, " + n(power_cuts) + " power cuts, " + n(power_cuts_upon_kill) +
         " of them upon a kill; " + n(in_recovery) + " in a recovery), " + n(failures) + " failed operations, " + n(full_disks) +
         " full disks, " + n(recoveries) + " recoveries, " + n(clean_stops) + " clean stops; " + n(commits) + " commits of " +
         n(entries) + " entries, " + n(seals) + " seals, " + n(merges) + " merges, " + n(publications) +
         " publications; unacknowledged tails: " + n(tails_kept) + " kept, " + n(tails_dropped) + " dropped";
}

TestedLog::TestedLog(const TestedLogOptions& options)
    : options_(options),
      prng_(mix64(options.seed, 10)),
      fs_(SimOptions{.seed = options.seed, .reorder_names = options.reorder_names, .stale_garbage = options.stale_garbage}),
      workload_(mix64(options.seed, 11)) {}

void TestedLog::create(std::uint64_t entries) {
  const auto identity = create_test_log(fs_, kDir, options_.seed);
  if (!identity) return complain("create", identity.error().message);
  fingerprint_seed_ = identity->fingerprint_seed;
  promises_ = std::make_unique<Promises>(identity->key);
  if (!open()) return complain("create", "the new log does not open");
  while (!complained() && promises_->size() < entries) {
    clock_.advance(kMillisecond);
    commit_small(std::min<std::uint64_t>(4'000, entries - promises_->size()));
    if (!complained()) seal();
  }
}

// Work. ------------------------------------------------------------------------------------------------------------

void TestedLog::commit(std::uint64_t entries_max) {
  received_last_ = std::max(received_last_, clock_.now());
  commit_group(workload_.group(promises_->size(), received_last_, entries_max, fingerprint_seed_));
}

void TestedLog::commit_small(std::uint64_t entries) {
  received_last_ = std::max(received_last_, clock_.now());
  commit_group(workload_.bulk(promises_->size(), received_last_, entries, fingerprint_seed_));
}

void TestedLog::commit_to_bundle_end() { commit_small(log::kBundleEntries - promises_->size() % log::kBundleEntries); }

void TestedLog::commit_group(Group group) {
  const std::uint64_t first = promises_->size();
  trace("commit " + range(first, group.count));
  // As the sequencer does: keys are remembered before the commit.
  for (const Delivery& one : group.deliveries) store_->window().put(one.key, one.index, one.received);
  std::vector<std::uint64_t> counts;
  for (const log::Batch& batch : group.batches) counts.push_back(batch.leaves.size());
  pending_ = std::move(group);
  const auto committed = store_->commit(pending_->batches);
  if (committed) {
    promises_->acknowledge(pending_->bundle, pending_->received, pending_->deliveries);
    values_.keep(pending_->values);
    pending_.reset();
    ++tally_.commits;
    tally_.entries += promises_->size() - first;
    const log::SignedState& state = *committed->state;
    complain("commit", promises_->hand_out(state));
    if (prng_.chance(1, 64)) complain("commit", promises_->check_signature(state));
    std::uint64_t at = first;
    for (std::size_t i = 0; i < counts.size(); at += counts[i++]) {
      if (counts[i] == 0) continue;
      const auto leaves = promises_->leaves(at, counts[i]);
      const Status proven = merkle::verify_range(at, leaves, state.size, committed->proofs.at(i), state.root);
      if (!proven) complain("proof of " + range(at, counts[i]), proven.error().message);
    }
  }
  (void)worked(committed ? Status() : Status(committed.error()), "commit");
}

void TestedLog::seal() {
  for (;;) {
    const std::uint64_t sealed = store_->sealed_size();
    const auto more = store_->seal();
    if (more && *more) {
      ++(store_->sealed_size() > sealed ? tally_.seals : tally_.merges);
      trace((store_->sealed_size() > sealed ? "sealed to " : "merged below ") + std::to_string(store_->sealed_size()));
    }
    if (!worked(more ? Status() : Status(more.error()), "seal")) return;
    if (!*more) return;
  }
}

void TestedLog::publish() {
  store_->prepare_space();
  const Status status = store_->publish();
  if (status) {
    complain("publish", promises_->publish(*store_->published()));
    ++tally_.publications;
    trace("published " + std::to_string(store_->published()->size));
  }
  (void)worked(status, "publish");
}

void TestedLog::erase_value() {
  if (values_.empty()) return;
  const event::ApartValue& value = values_.begin_erasure(prng_);
  trace("erase a value of " + std::to_string(value.bytes.size()) + " bytes");
  const Status erased = store_->apart().erase(value.kind, value.commitment);
  if (worked(erased, "erase")) values_.end_erasure(value);
}

void TestedLog::stop_cleanly() {
  publish();
  if (!is_open() || !worked(store_->cut_journal(), "cut")) return;
  ++tally_.clean_stops;
  trace("stopped cleanly");
  close();
}

// Faults. ----------------------------------------------------------------------------------------------------------

void TestedLog::arm_crash(std::uint64_t n, CrashKind kind) {
  crash_armed_ = kind;
  fs_.fail_after(n, kind);
  trace(std::string(kind_name(kind)) + " in operation " + std::to_string(n) + " from here");
}

void TestedLog::arm_failure(Op op, std::uint64_t n) {
  failure_armed_ = true;
  fs_.fail(op, n);
  trace(std::string(op_name(op)) + " number " + std::to_string(n) + " from here fails");
}

void TestedLog::limit_space(std::uint64_t bytes_left) {
  full_ = true;
  fs_.set_capacity(fs_.used() + bytes_left);
  ++tally_.full_disks;
  trace("the disk has room for " + std::to_string(bytes_left) + " bytes");
}

void TestedLog::free_space() {
  full_ = false;
  fs_.set_capacity(std::nullopt);
  trace("the disk has room again");
}

void TestedLog::crash(CrashKind kind) {
  fs_.crash(kind);
  note_crash(kind);
  close();
}

void TestedLog::note_crash(CrashKind kind) {
  ++tally_.crashes;
  ++(kind == CrashKind::kKill ? tally_.kills : tally_.power_cuts);
  if (kind == CrashKind::kPower && crashed_last_ == CrashKind::kKill) ++tally_.power_cuts_upon_kill;
  crashed_last_ = kind;
  failure_armed_ = false;
  crash_armed_.reset();
  trace(std::string(kind_name(kind)));
}

// False when the log must be opened anew: it failed, or the machine did.
bool TestedLog::worked(const Status& status, std::string_view what) {
  if (fs_.crashed()) {
    note_crash(*crash_armed_);
    fs_.reboot();
  } else if (status) {
    return true;
  } else if ((!failure_armed_ && !full_) || status.error().code != Code::kIo) {
    complain(what, status.error().message + " (" + std::string(code_name(status.error().code)) + ", not brought about)");
  } else {
    ++tally_.failures;
    trace(std::string(what) + " fails: " + status.error().message);
  }
  close();
  return false;
}

// Recovery. --------------------------------------------------------------------------------------------------------

bool TestedLog::open() {
  const std::uint64_t crashes = tally_.crashes;
  constexpr std::uint64_t kPlainRecoveries = 2;
  log::StoreOptions store = options_.store;
  if (options_.plain_at_first && tally_.recoveries < kPlainRecoveries) store.ring = nullptr;
  auto opened = open_test_log(fs_, kDir, store, clock_);
  if (opened && !fs_.crashed()) {
    store_ = std::move(*opened);
    ++tally_.recoveries;
    crashed_last_.reset();
    trace("opened with " + std::to_string(store_->size()) + " entries, " + std::to_string(store_->sealed_size()) + " sealed");
    settle_pending();
    if (!complained()) check_promises();
    return true;
  }
  if (opened) opened->reset();
  (void)worked(opened ? Status() : Status(opened.error()), "open");
  tally_.in_recovery += tally_.crashes - crashes;
  return false;
}

// A group that was not acknowledged is there whole or not at all; what is there now stays.
void TestedLog::settle_pending() {
  const std::uint64_t promised = promises_->size();
  const std::uint64_t size = store_->size();
  if (size < promised) {
    return complain("recovery", "entries " + range(size, promised - size) + " were acknowledged and are lost");
  }
  if (pending_ && size == promised + pending_->count) {
    promises_->acknowledge(pending_->bundle, pending_->received, pending_->deliveries);
    values_.keep(pending_->values);
    ++tally_.tails_kept;
  } else if (size != promised) {
    return complain("recovery", std::to_string(promised) + " entries were acknowledged, " +
                                    std::to_string(pending_ ? pending_->count : 0) + " were not, " + std::to_string(size) +
                                    " are there");
  } else if (pending_) {
    ++tally_.tails_dropped;
  }
  pending_.reset();
}

void TestedLog::check_promises() {
  complain("recovery", promises_->hand_out(*store_->latest()));
  complain("recovery", promises_->check_published(store_->published().get()));
  if (store_->last_received() < promises_->received_last()) complain("recovery", "the time of receipt went back");
  received_last_ = std::max({received_last_, store_->last_received(), promises_->received_last()});
  check_reads();
  check_window();
  complain("kept values", values_.check(store_->apart(), prng_));
  if (prng_.chance(1, 4)) check_proofs();
}

// The last entries, and some others.
void TestedLog::check_reads() {
  const std::uint64_t size = promises_->size();
  if (size == 0) return;
  for (const std::uint64_t first : {size - std::min<std::uint64_t>(size, 16), prng_.below(size), prng_.below(size)}) {
    const std::uint64_t count = std::min<std::uint64_t>(size - first, 1 + prng_.below(24));
    const auto bytes = store_->read(first, count);
    if (!bytes)
      complain("read " + range(first, count), bytes.error().message);
    else if (*bytes != promises_->bytes(first, count))
      complain("read " + range(first, count), "other bytes than were acknowledged");
  }
}

// The last deliveries, and some others that are to be remembered.
void TestedLog::check_window() {
  const auto& all = promises_->deliveries();
  const UnixNanos now = std::max(clock_.now(), received_last_);  // as the sequencer tells it
  const auto check = [&](const Delivery& one) {
    if (now - one.received > options_.store.window_span || store_->window().find(one.key) == one.index) return;
    complain("window", "the delivery of entry " + std::to_string(one.index) + " is forgotten");
  };
  const std::size_t within = std::min<std::size_t>(all.size(), options_.store.window_keys_max);
  for (std::size_t i = 0; i < std::min<std::size_t>(within, 8); ++i) {
    check(all[all.size() - 1 - i]);
    check(all[all.size() - 1 - prng_.below(within)]);
  }
}

// From an old signed state to the latest, of one old entry, and to an old published state.
void TestedLog::check_proofs() {
  const auto& latest = *store_->latest();
  if (latest.size == 0) return;
  const auto nodes = store_->node_reader();
  const auto old = promises_->signed_roots().lower_bound(prng_.below(latest.size));
  const auto consistency = merkle::consistency_proof(old->first, latest.size, nodes);
  if (!consistency) return complain("consistency", consistency.error().message);
  const Status consistent = merkle::verify_consistency(old->first, old->second, latest.size, latest.root, *consistency);
  if (!consistent) complain("consistency with " + std::to_string(old->first), consistent.error().message);
  const std::uint64_t index = prng_.below(latest.size);
  const auto inclusion = merkle::inclusion_proof(index, latest.size, nodes);
  if (!inclusion) return complain("inclusion", inclusion.error().message);
  const Hash& leaf = promises_->leaves(index, 1)[0];
  const Status included = merkle::verify_inclusion(index, leaf, latest.size, *inclusion, latest.root);
  if (!included) complain("inclusion of " + std::to_string(index), included.error().message);
  const auto& published = promises_->published_sizes();
  if (!published.empty()) check_published(published[prng_.below(published.size())]);
}

void TestedLog::check_published(std::uint64_t size) {
  const auto state = store_->signed_state(size);
  const std::string what = "the state published at " + std::to_string(size);
  if (!state)
    complain(what, state.error().message);
  else if ((*state)->root != promises_->signed_roots().at(size))
    complain(what, "has another root");
}

void TestedLog::check_everything() {
  if (complained()) return;
  close();
  fs_.crash(prng_.chance(1, 2) ? CrashKind::kKill : CrashKind::kPower);
  failure_armed_ = false;
  crash_armed_.reset();
  if (full_) free_space();
  trace("the end");
  if (!open() || complained()) return complain("open", "fails at the end");
  const std::uint64_t size = promises_->size();
  if (size == 0) return;
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
  const auto& published = promises_->published_sizes();
  const std::size_t step = published.size() / 16 + 1;
  for (std::size_t i = 0; i < published.size(); i += step) check_published(published[i]);
  check_tree_files();
  complain("kept values", values_.check_all(store_->apart()));
}

// Both copies of every stored hash.
void TestedLog::check_tree_files() {
  std::vector<Hash> expected;
  for (std::uint64_t at = 0; at < store_->sealed_size(); at += log::kBundleEntries) {
    expected.push_back(merkle::root_of(promises_->leaves(at, log::kBundleEntries)));
  }
  log::DamageNotes damage;
  const auto bundle_root = [&](std::uint64_t bundle) -> Result<Hash> { return expected.at(bundle); };
  const auto tree = log::TreeFiles::open(fs_, kDir + "/tree", expected.size(), bundle_root, damage);
  if (!tree) return complain("tree files", tree.error().message);
  for (unsigned level = 1; level <= log::TreeFiles::kLevelMax && !expected.empty(); ++level) {
    for (const bool copy : {false, true}) {
      const auto stored = (*tree)->read(level, 0, expected.size(), copy);
      if (!stored || *stored != expected)
        complain("tree files", log::tree_file_name(level, copy) + " does not hold the roots of the tiles below");
    }
    std::vector<Hash> above;
    for (std::size_t at = 0; at + merkle::kTileWidth <= expected.size(); at += merkle::kTileWidth) {
      above.push_back(merkle::root_of(std::span(expected).subspan(at, merkle::kTileWidth)));
    }
    expected = std::move(above);
  }
}

void TestedLog::trace(std::string line) {
  trace_.push_back(std::move(line));
  if (trace_.size() > kTraceMax) trace_.pop_front();
}

void TestedLog::complain(std::string_view what, const std::string& complaint) {
  if (complaint.empty() || complained()) return;
  complaint_ = std::string(what) + ": " + complaint;
}

std::string TestedLog::report() const {
  std::string out = complaint_ + "\nafter " + tally_.text() + "\n";
  for (const std::string& line : trace_) out += "  " + line + "\n";
  return out + fs_.describe(80);
}

}  // namespace stele::testing
