#include "sources/watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "base/threads.h"
#include "crypto/sha256.h"
#include "sources/notices.h"

namespace stele::sources {
namespace {

constexpr std::uint64_t kEntriesAtOnce = 4096;
constexpr std::uint64_t kBundle = 256;
constexpr std::size_t kWaitingMax = 64;

Result<Hash> leaf_of(const log::Store& store, std::uint64_t index) {
  STELE_ASSIGN(const std::string stored, store.read(index, 1));
  return crypto::hash_leaf(as_byte_span(std::string_view(stored).substr(2)));
}

std::string log_id(const log::Store& store) {
  const auto& id = store.identity().id;
  return hex_encode({reinterpret_cast<const std::byte*>(id.data()), id.size()});
}

}  // namespace

Watch::Watch(log::Sequencer& log, io::FileSystem& fs, Registry registry, const Clock& clock, WatchOptions options)
    : log_(log), fs_(fs), registry_(std::move(registry)), clock_(clock), options_(std::move(options)), since_(clock.now()) {
  thread_ = std::thread([this] { run(); });
}

Watch::~Watch() { stop(); }

void Watch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// Takes the kept ledger if it belongs to this log as it is; else begins at the log's beginning.
void Watch::load() {
  if (!fs_.exists(options_.ledger_file)) return;
  const auto store = log_.store();
  auto read = [&]() -> Result<LedgerFile::Read> {
    STELE_ASSIGN(const std::string content, io::read_file(fs_, options_.ledger_file, LedgerFile::kBytesMax));
    STELE_ASSIGN(LedgerFile::Read kept, LedgerFile::read(content));
    if (kept.place.log_id != log_id(*store)) return corrupt("it is another log's");
    if (kept.place.size > store->size()) return corrupt("the log has fewer entries than it counts");
    if (kept.place.size > 0) {
      STELE_ASSIGN(const Hash leaf, leaf_of(*store, kept.place.size - 1));
      if (leaf != kept.place.last_leaf) return corrupt("the log has other entries than it counts");
    }
    return kept;
  }();
  if (!read) {
    spdlog::warn("{}: {}; the sources are counted anew", options_.ledger_file, read.error().message);
    return;
  }
  ledger_ = std::move(read->ledger);
  kept_size_ = ledger_.size();
}

void Watch::keep() {
  kept_at_ = clock_.monotonic();
  const auto store = log_.store();
  LedgerPlace place{log_id(*store), ledger_.size(), {}};
  if (place.size == kept_size_) return;
  if (place.size > 0) {
    const auto leaf = leaf_of(*store, place.size - 1);
    if (!leaf) return;
    place.last_leaf = *leaf;
  }
  const std::string content = LedgerFile::write(ledger_, place);
  Status written = content.size() <= LedgerFile::kBytesMax
                       ? fs_.make_dirs(io::parent_of(options_.ledger_file))
                       : Status(Error{Code::kTooLarge, "it has over " + std::to_string(LedgerFile::kBytesMax >> 20) + " MiB"});
  if (written) written = io::write_file(fs_, options_.ledger_file, content, 0600);
  if (written)
    kept_size_ = place.size;
  else
    spdlog::warn("the ledger of sources is not kept: {}", written.error().message);
}

void Watch::run() {
  name_this_thread("sources");
  work_in_background();
  load();
  kept_at_ = clock_.monotonic();
  for (;;) {
    const Step stepped = step();
    answer();
    if (stepped == Step::kCaughtUp && options_.report) report();
    if (clock_.monotonic() - kept_at_ >= options_.keep_every) keep();
    if (stepped == Step::kMore) continue;
    std::unique_lock lock(mutex_);
    if (stopping_) break;
    wake_.wait_for(lock, std::chrono::nanoseconds(options_.poll_every), [&] { return stopping_ || asked_; });
    asked_ = false;
  }
  keep();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  answer();
}

// Counts some entries.
Watch::Step Watch::step() {
  const auto store = log_.store();
  const std::uint64_t size = store->size();
  const std::uint64_t next = ledger_.size();
  if (next >= size) return Step::kCaughtUp;
  std::uint64_t count = std::min(kEntriesAtOnce, size - next);
  Status taken = take(*store, next, count);
  if (!taken && taken.error().code == Code::kCorrupt) {
    // Of what is damaged no more than its bundle is passed over.
    const std::uint64_t from = ledger_.size();
    count = std::min(size - from, kBundle - from % kBundle);
    taken = take(*store, from, count);
    if (!taken && taken.error().code == Code::kCorrupt) {
      set_trouble(taken.error().in("entries from " + std::to_string(from) + " on are not counted"));
      while (ledger_.size() < from + count) ledger_.skip(ledger_.size());
      return Step::kMore;
    }
  }
  set_trouble(taken ? std::nullopt : std::optional(taken.error()));
  if (!taken) return Step::kHindered;
  return ledger_.size() >= size ? Step::kCaughtUp : Step::kMore;
}

Status Watch::take(const log::Store& store, std::uint64_t first, std::uint64_t count) {
  STELE_ASSIGN(const std::string stored, store.read(first, count));
  std::uint64_t index = first;
  return event::for_each_entry(stored, [&](std::string_view entry) {
    const auto sighting = reader_.read(entry);
    if (sighting)
      ledger_.observe(index, *sighting, entry);
    else
      ledger_.skip(index);
    ++index;
  });
}

// Calls those who waited long enough, for the ledger or altogether. Without the lock: they take their time.
void Watch::answer() {
  std::vector<Waiting> due;
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    ended = ended_;
    const std::int64_t now = clock_.monotonic();
    const auto first = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
      return !ended && one.size > ledger_.size() && one.until > now;
    });
    due.assign(std::make_move_iterator(first), std::make_move_iterator(waiting_.end()));
    waiting_.erase(first, waiting_.end());
  }
  for (const Waiting& one : due) {
    if (one.size <= ledger_.size())
      one.reader(&ledger_);
    else if (ended)
      one.reader(Error{Code::kUnavailable, "the server stops"});
    else
      one.reader(Error{Code::kBusy, "the sources of " + std::to_string(ledger_.size()) + " of " + std::to_string(one.size) +
                                        " entries are counted; ask again in a moment"});
  }
}

// Writes what is due into the log; from there it comes back as observed.
void Watch::report() {
  const UnixNanos now = clock_.now();
  std::vector<event::InternalEvent> events;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
  if (log_.stopped()) since_ = now;  // who was not heard meanwhile is not to blame
  if (ask_again_.exchange(false)) {
    ledger_.ask_again();
    registering_ = false;
    telling_clock_ = false;
  }
  for (const Finding& finding : ledger_.due(registry_, now, since_, options_.gap_grace))
    events.push_back(event_of(finding, registry_, now));
  if (ledger_.registry_digest() == registry_.digest()) {
    registering_ = false;
  } else if (!registering_) {
    registering_ = true;
    events.push_back(registered_event(registry_, now));
  }
  look_at_clock(now, events);
  constexpr std::size_t kEventsAtOnce = 1000;
  for (std::size_t first = 0; first < events.size(); first += kEventsAtOnce) {
    event::EntryBatch batch(event::Source{"stele", "internal", "", ""});
    for (std::size_t i = first; i < std::min(events.size(), first + kEventsAtOnce); ++i) {
      spdlog::log(events[i].severity == "warning" ? spdlog::level::warn : spdlog::level::info, "{}", events[i].message);
      if (!batch.add(event::internal_event_json(events[i]), {}, {}, {})) ask_again_ = true;
    }
    log_.submit(std::move(batch), false, [this](const Result<log::Delivered>& delivered) {
      if (!delivered) ask_again_ = true;
    });
  }
}

void Watch::look_at_clock(UnixNanos now, std::vector<event::InternalEvent>& events) {
  constexpr std::int64_t kLookEvery = 60'000'000'000;
  constexpr std::int64_t kSampleEvery = 60 * kLookEvery;
  const std::int64_t at = clock_.monotonic();
  if (!options_.clock || (clock_looked_at_ != 0 && at - clock_looked_at_ < kLookEvery)) return;
  clock_looked_at_ = at;
  const auto state = options_.clock();
  if (!state) return;
  if (ledger_.clock_synchronised() == state->synchronised) {
    telling_clock_ = false;
    if (clock_sampled_at_ != 0 && at - clock_sampled_at_ < kSampleEvery) return;
    events.push_back(clock_event(*state, ClockNews::kSample, now));
  } else if (!telling_clock_) {
    telling_clock_ = true;
    events.push_back(clock_event(*state, ClockNews::kChanged, now));
  }
  clock_sampled_at_ = at;
}

void Watch::read_at(std::uint64_t size, UnixNanos wait, Reader f) const {
  std::optional<Error> refused;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) {
      refused = Error{Code::kUnavailable, "the server stops"};
    } else if (waiting_.size() >= kWaitingMax) {
      refused = Error{Code::kBusy, "too many wait for the sources; ask again in a moment"};
    } else {
      waiting_.push_back({size, clock_.monotonic() + wait, std::move(f)});
      asked_ = true;
    }
  }
  if (refused) return f(*refused);
  wake_.notify_all();
}

std::optional<Error> Watch::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Watch::set_trouble(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  if (error && (!trouble_ || trouble_->message != error->message)) spdlog::warn("watching the sources: {}", error->message);
  trouble_ = std::move(error);
}

}  // namespace stele::sources
