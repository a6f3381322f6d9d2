#include "agent/collector.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_text.h"

namespace stele::agent {
namespace {

constexpr std::int64_t kPollMillis = 250;  // audit events end by waiting, files are looked for
constexpr std::int64_t kFullMillis = 50;
constexpr std::int64_t kRetryMillis = 1'000;
constexpr std::int64_t kStopNanos = 5 * kSecond;
constexpr int kStopRetryMillis = 100;
constexpr std::size_t kNoticesMax = 10'000;  // that wait while nothing can be written

// Where `count` lines end that begin at `from`.
std::size_t end_of_line(std::string_view lines, std::size_t from, std::uint32_t count) {
  for (; count > 0; --count) from = lines.find('\n', from) + 1;
  return from;
}

std::uint64_t seconds_since(std::int64_t then, std::int64_t now) { return static_cast<std::uint64_t>((now - then) / kSecond); }

void say(const Notice& notice) {
  if (notice.severity == "info")
    spdlog::info("{}", notice.message);
  else
    spdlog::warn("{}", notice.message);
}

}  // namespace

Collector::Collector(Spool& spool, const Clock& clock, Speaker speaker, CollectorOptions options)
    : spool_(spool), clock_(clock), speaker_(std::move(speaker)), options_(std::move(options)) {
  next_heartbeat_ = clock_.monotonic() + options_.heartbeat_seconds * kSecond;
}

void Collector::tell(Notice notice) {
  say(notice);
  if (notices_.size() < kNoticesMax) notices_.push_back(std::move(notice));
}

std::vector<StreamState> Collector::describe() const {
  std::vector<StreamState> out;
  for (const auto& stream : streams_) stream->describe(out);
  return out;
}

bool Collector::wait(int stop_fd, std::int64_t millis, bool for_streams) const {
  std::vector<pollfd> fds{{stop_fd, POLLIN, 0}};
  if (for_streams) {
    for (const auto& stream : streams_) stream->watch(fds);
  }
  (void)::poll(fds.data(), fds.size(), static_cast<int>(millis));
  return (fds[0].revents & POLLIN) != 0;
}

Status Collector::run(int stop_fd) {
  bool more = true;
  while (!wait(stop_fd, more ? 0 : full_since_ != 0 ? kFullMillis : kPollMillis, full_since_ == 0)) {
    more = collect();
    STELE_TRY(commit(stop_fd));
  }
  return finish(stop_fd);
}

// What programs have written to a socket is nowhere else.
Status Collector::finish(int stop_fd) {
  bool said = false;
  for (bool more = true; more;) {
    batch_.begin(spool_.sequence(), spool_.next_seq(), spool_.batch_bytes_max());
    more = false;
    for (const auto& stream : streams_) more |= stream->finish(batch_);
    add_told();
    if (!more && !std::exchange(said, true)) tell({"stopped", "info", "success", "the agent stops", {}});
    more |= !add_own_records();
    STELE_TRY(commit(stop_fd));
  }
  return {};
}

void Collector::note_room(bool has_room) {
  const std::int64_t now = clock_.monotonic();
  if (!has_room && full_since_ == 0) {
    full_since_ = now;
    spdlog::warn("the spool is full ({} bytes wait): streams are read on once the server has taken some", spool_.waiting().bytes);
  } else if (has_room && full_since_ != 0) {
    Notice notice{"spool_was_full", "warning", "success", "the spool was full, and streams waited", {}};
    notice.attributes.push_back(number_attribute("seconds", seconds_since(full_since_, now)));
    full_since_ = 0;
    tell(std::move(notice));
  }
}

bool Collector::collect() {
  const std::int64_t now = clock_.monotonic();
  const bool has_room = spool_.has_room();
  note_room(has_room);
  batch_.begin(spool_.sequence(), spool_.next_seq(), has_room ? spool_.batch_bytes_max() : 0);
  if (has_room) {
    if (now >= next_heartbeat_) {
      next_heartbeat_ = now + options_.heartbeat_seconds * kSecond;
      notices_.push_back(heartbeat());
    }
    (void)add_own_records();
  }
  bool more = false;
  for (std::size_t i = 0; i < streams_.size(); ++i) more |= streams_[(next_stream_ + i) % streams_.size()]->collect(batch_, now);
  if (!streams_.empty()) next_stream_ = (next_stream_ + 1) % streams_.size();
  add_told();
  return more && has_room;
}

// What streams tell, whether there is room or not: a file that is forgotten without a word would be lost unseen.
void Collector::add_told() {
  for (const Notice& notice : batch_.take_notices()) {
    say(notice);
    batch_.add({"event", kOwnStream, own_event(notice, speaker_, clock_.now()), 0, ""});
  }
}

// False when there was no room for all of them.
bool Collector::add_own_records() {
  auto next = notices_.begin();
  for (; next != notices_.end() && batch_.has_room(); ++next)
    batch_.add({"event", kOwnStream, own_event(*next, speaker_, clock_.now()), 0, ""});
  notices_.erase(notices_.begin(), next);
  return notices_.empty();
}

// As one frame; as several, should it ever be longer than one may be. The positions go with the last. `done` counts the records
// that are durable.
Status Collector::append_batch(std::uint32_t& done) {
  const std::string_view lines = batch_.lines();
  std::uint32_t part = batch_.count() - done;
  for (;;) {
    const std::size_t begin = end_of_line(lines, 0, done);
    const bool is_last = done + part == batch_.count();
    const std::string_view text = lines.substr(begin, end_of_line(lines, begin, part) - begin);
    const Status appended = spool_.append(part, text, is_last ? batch_.positions() : Positions());
    if (!appended && appended.error().code == Code::kTooLarge && part > 1 && text.size() > spool_.batch_bytes_max()) {
      part = (part + 1) / 2;
      continue;
    }
    STELE_TRY(appended);
    done += part;
    if (is_last) return {};
    part = batch_.count() - done;
  }
}

// Until it succeeds, but for some seconds once the agent is told to stop.
Status Collector::commit(int stop_fd) {
  if (batch_.empty()) return {};
  std::int64_t failing_since = 0;
  std::int64_t stopping_since = 0;
  std::string reason;
  std::uint32_t done = 0;
  for (;;) {
    const Status appended = append_batch(done);
    if (appended) break;
    if (appended.error().code == Code::kTooLarge) return appended;  // whatever is done, it will not fit
    if (failing_since == 0) {
      failing_since = clock_.monotonic();
      reason = appended.error().message;
      spdlog::error("the spool cannot be written, nothing more is read: {}", reason);
    }
    if (!wait(stop_fd, kRetryMillis, false)) continue;
    if (stopping_since == 0) stopping_since = clock_.monotonic();
    if (clock_.monotonic() - stopping_since >= kStopNanos) return appended;
    (void)::poll(nullptr, 0, kStopRetryMillis);
  }
  for (const auto& stream : streams_) stream->committed();
  if (failing_since == 0) return {};
  Notice notice{"spool_failed", "error", "failure", "the spool could not be written, and streams waited: " + reason, {}};
  notice.attributes = {number_attribute("seconds", seconds_since(failing_since, clock_.monotonic())),
                       text_attribute("reason", reason)};
  tell(std::move(notice));
  return {};
}

Notice Collector::heartbeat() const {
  Notice out{"heartbeat", "info", "success", "the agent is alive", {}};
  const Spool::Waiting waiting = spool_.waiting();
  out.attributes.push_back(text_attribute("version", STELE_VERSION));
  out.attributes.push_back(number_attribute("spool_records", waiting.records));
  out.attributes.push_back(number_attribute("spool_bytes", waiting.bytes));
  const ClockState clock = clock_state();
  out.attributes.emplace_back("clock_synchronised", clock.synchronised ? "true" : "false");
  out.attributes.push_back(number_attribute("clock_error_micros", clock.error_micros_max));
  const std::string trouble = options_.trouble ? options_.trouble() : "";
  if (!trouble.empty()) out.attributes.push_back(text_attribute("trouble", trouble));
  std::string streams = "[";
  constexpr std::size_t kStreamsMax = 100;
  const auto states = describe();
  for (std::size_t i = 0; i < std::min(states.size(), kStreamsMax); ++i) {
    if (i > 0) streams.push_back(',');
    streams += R"({"stream":)";
    append_json_string(streams, states[i].name);
    streams += R"(,"state":)";
    append_json_string(streams, states[i].state);
    streams += R"(,"lag_bytes":)" + std::to_string(states[i].lag_bytes) + "}";
  }
  out.attributes.emplace_back("streams", streams + "]");
  out.attributes.push_back(number_attribute("streams_total", states.size()));
  return out;
}

}  // namespace stele::agent
