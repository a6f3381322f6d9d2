#include "notify/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/threads.h"
#include "event/entry.h"
#include "event/internal_event.h"

namespace stele::notify {
namespace {

using Level = NotifierOptions::Level;

constexpr std::uint64_t kBlockEntries = 256;           // a bundle: what a segment decompresses at once
constexpr std::uint64_t kStateBytesMax = 64U << 20;    // of the file
constexpr std::int64_t kSaveEvery = 60'000'000'000;    // ns, while nothing happens
constexpr std::int64_t kWaitMost = 3'600'000'000'000;  // ns; a condition variable takes no end of time

}  // namespace

struct Notifier::Line {
  std::unique_ptr<Destination> destination;
  Outbox* outbox = nullptr;      // in state_
  std::uint64_t begins_at = 0;   // entries before it are not for it
  std::int64_t retry_after = 0;  // ns; 0 while it works
  std::int64_t retry_at = 0;     // monotonic
  std::uint64_t sent = 0;
  std::uint64_t failures = 0;
  std::thread thread;
};

Notifier::Notifier(io::FileSystem& fs, const log::Sequencer& log, NotifierOptions options, const Clock& clock)
    : fs_(fs), log_(log), options_(std::move(options)), clock_(clock) {}

Result<std::unique_ptr<Notifier>> Notifier::start(io::FileSystem& fs, const log::Sequencer& log,
                                                  std::vector<std::unique_ptr<Destination>> destinations, NotifierOptions options,
                                                  const Clock& clock) {
  std::unique_ptr<Notifier> self(new Notifier(fs, log, std::move(options), clock));
  self->origin_ = log.store()->identity().origin;
  State known = self->read_state();
  const std::uint64_t end = log.store()->size();
  bool known_one = false;
  for (auto& destination : destinations) {
    const std::string key = destination->key();
    const auto it = known.outboxes.find(key);
    known_one = known_one || it != known.outboxes.end();
    auto [place, fresh] =
        self->state_.outboxes.emplace(key, it != known.outboxes.end() ? std::move(it->second) : Outbox(self->options_.quiet));
    if (!fresh) return invalid("two destinations are the same: " + destination->place());
    auto line = std::make_unique<Line>();
    line->destination = std::move(destination);
    line->outbox = &place->second;
    line->begins_at = it != known.outboxes.end() ? 0 : end;
    self->lines_.push_back(std::move(line));
  }
  self->state_.log = std::move(known.log);
  self->state_.next = known_one ? known.next : end;
  // Before anything is looked at: what comes from here on is not missed, even if this process ends at once.
  STELE_TRY(io::write_file(fs, self->options_.state_file, state_json(self->state_), 0600));
  self->follower_ = std::thread([notifier = self.get()] { notifier->follow(); });
  for (const auto& line : self->lines_)
    line->thread = std::thread([notifier = self.get(), &line = *line] { notifier->deliver(line); });
  return self;
}

Notifier::~Notifier() { drain(); }

// What an earlier run left, as far as it is about this log.
State Notifier::read_state() {
  const auto store = log_.store();
  State fresh;
  fresh.log = hex_encode(
      as_byte_span(std::string_view(reinterpret_cast<const char*>(store->identity().id.data()), store->identity().id.size())));
  fresh.next = store->size();
  const auto text = io::read_file(fs_, options_.state_file, kStateBytesMax);
  if (!text && text.error().code == Code::kNotFound) return fresh;
  const auto start_anew = [&](const std::string& why) {
    options_.say(Level::kError, "notifications begin at the log's end, entry " + std::to_string(fresh.next) + ": " +
                                    options_.state_file + ": " + why);
    return std::move(fresh);
  };
  if (!text) return start_anew(text.error().message);
  auto state = parse_state(*text, options_.quiet);
  if (!state) return start_anew(state.error().message);
  if (state->log != fresh.log) return start_anew("it is about another log");
  if (state->next > fresh.next) return start_anew("it is about entries that the log does not have");
  return std::move(*state);
}

void Notifier::follow() {
  name_this_thread("notify");
  work_in_background();
  Pacer pacer;
  std::uint64_t at = state_.next;
  std::int64_t saved_at = clock_.monotonic();
  std::uint64_t saved = at;
  while (!stopping_) {
    const bool more = look(at);
    const std::int64_t now = clock_.monotonic();
    if (more) pacer.breathe([] { return 1U; });
    std::unique_lock lock(mutex_);
    if (told_ || (saved != at && now - saved_at >= kSaveEvery)) {
      save();
      told_ = false;
      saved = at;
      saved_at = now;
    }
    if (!more) changed_.wait_for(lock, std::chrono::nanoseconds(options_.look_every), [&] { return stopping_.load() || told_; });
  }
}

// Looks at the next block of entries. False when there is none yet.
bool Notifier::look(std::uint64_t& at) {
  const auto store = log_.store();
  const std::uint64_t size = store->size();
  if (at >= size) return false;
  const std::uint64_t end = std::min(size, (at / kBlockEntries + 1) * kBlockEntries);
  std::vector<Notice> found;
  const auto bundle = store->read(at, end - at);
  Status read = bundle ? Status() : Status(bundle.error());
  if (bundle) {
    std::uint64_t index = at;
    read = event::for_each_entry(*bundle, [&](std::string_view entry) {
      const std::uint64_t this_index = index++;
      if (!event::is_internal_entry(entry)) return;
      auto notice = notice_of_entry(entry, this_index, origin_);
      if (!notice) options_.say(Level::kError, "notifications pass over an entry: " + notice.error().message);
      if (notice && *notice) found.push_back(std::move(**notice));
    });
  }
  if (!read && read.error().code != Code::kCorrupt) return false;  // tried again
  if (!read) {
    options_.say(Level::kError, fmt::format("notifications pass over entries {} to {}, which cannot be read: {}", at, end - 1,
                                            read.error().message));
  }
  const std::lock_guard lock(mutex_);
  for (const Notice& notice : found) take(notice);
  at = end;
  state_.next = end;
  if (!found.empty()) changed_.notify_all();
  return true;
}

// Under the lock.
void Notifier::take(const Notice& notice) {
  for (const auto& line : lines_) {
    if (!notice.index || *notice.index >= line->begins_at) line->outbox->take(notice, clock_.now());
  }
}

void Notifier::tell(const Notice& notice) {
  const std::lock_guard lock(mutex_);
  take(notice);
  told_ = true;
  changed_.notify_all();
}

void Notifier::deliver(Line& line) {
  name_this_thread(line.destination->name().c_str());
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::int64_t now = clock_.monotonic();
    const UnixNanos wall = clock_.now();
    const auto due = line.outbox->due(wall);
    const std::int64_t until_due = due ? std::min(*due - wall, kWaitMost) : kWaitMost;
    const std::int64_t wait = std::max(until_due, due ? line.retry_at - now : 0);
    if (wait > 0) {
      changed_.wait_for(lock, std::chrono::nanoseconds(wait));
      continue;
    }
    const Notice* notice = line.outbox->next(wall);
    if (notice == nullptr) continue;
    const Notice copy = *notice;
    lock.unlock();
    const Status sent = line.destination->send(copy, stopping_);
    lock.lock();
    if (sent || !stopping_) note_result(line, sent);
  }
}

// Under the lock.
void Notifier::note_result(Line& line, const Status& sent) {
  const std::string who = line.destination->name() + " (" + line.destination->place() + ")";
  if (sent) {
    line.outbox->sent(clock_.now());
    ++line.sent;
    if (std::exchange(line.retry_after, 0) > 0) options_.say(Level::kInfo, "notifications reach " + who + " again");
    line.retry_at = 0;
    save();
    return;
  }
  ++line.failures;
  line.retry_after = line.retry_after == 0 ? options_.retry_first : std::min(2 * line.retry_after, options_.retry_most);
  line.retry_at = clock_.monotonic() + line.retry_after;
  options_.say(Level::kWarning, fmt::format("a notification to {} failed and is tried again in {:.0f} s: {}", who,
                                            static_cast<double>(line.retry_after) / kSecond, sent.error().message));
}

// Under the lock. What cannot be written goes on in memory: a full disk is just what a person must hear of.
void Notifier::save() {
  const Status saved = io::write_file(fs_, options_.state_file, state_json(state_), 0600);
  if (!saved && !cannot_save_)
    options_.say(Level::kError, "what was notified cannot be noted, and is sent again after a restart: " + saved.error().message);
  cannot_save_ = !saved;
}

void Notifier::drain() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_.exchange(true)) return;
    changed_.notify_all();
  }
  if (follower_.joinable()) follower_.join();
  for (const auto& line : lines_) {
    if (line->thread.joinable()) line->thread.join();
  }
  const std::lock_guard lock(mutex_);
  if (!lines_.empty()) save();
}

void Notifier::append_metrics(MetricsText& out) const {
  const std::lock_guard lock(mutex_);
  const std::string log = "log=\"" + options_.log_name + "\"";
  for (const auto& line : lines_) {
    const std::string labels = log + ",destination=\"" + line->destination->name() + "\"";
    out.counter("stele_notify_sent_total", "Notifications that the destination took.", line->sent, labels);
    out.counter("stele_notify_failures_total", "Tries that failed.", line->failures, labels);
    out.gauge("stele_notify_failing", "1 from a failed try to the next that succeeds.", line->retry_after > 0 ? 1 : 0, labels);
    out.gauge("stele_notify_pending", "Notices that wait, those that are held for the quiet time among them.",
              line->outbox->pending(), labels);
  }
  out.gauge("stele_notify_next", "The entry that is looked at next for what notifies.", state_.next, log);
}

}  // namespace stele::notify
