#include "agent/collector.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

#include "base/json_text.h"

namespace stele::agent {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kPollMillis = 250;  // audit events end by waiting, files are looked for
constexpr std::int64_t kFullMillis = 50;
constexpr std::int64_t kRetryMillis = 1'000;
constexpr std::size_t kNoticesMax = 10'000;  // that wait while nothing can be written

std::uint64_t seconds_since(std::int64_t then, std::int64_t now) { return static_cast<std::uint64_t>((now - then) / kSecond); }

}  // namespace

Collector::Collector(Spool& spool, const Clock& clock, Speaker speaker, CollectorOptions options)
    : spool_(spool), clock_(clock), speaker_(std::move(speaker)), options_(std::move(options)) {
  next_heartbeat_ = clock_.monotonic() + options_.heartbeat_seconds * kSecond;
}

void Collector::tell(Notice notice) {
  if (notice.severity == "info")
    spdlog::info("{}", notice.message);
  else
    spdlog::warn("{}", notice.message);
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

void Collector::run(int stop_fd) {
  bool more = true;
  while (!wait(stop_fd, more ? 0 : full_since_ != 0 ? kFullMillis : kPollMillis, full_since_ == 0)) {
    more = collect();
    if (!commit(stop_fd)) return;
  }
  // What programs have written to a socket is nowhere else.
  batch_.begin(spool_.sequence(), spool_.next_seq(), spool_.batch_bytes_max());
  for (const auto& stream : streams_) stream->finish(batch_);
  for (Notice& notice : batch_.take_notices()) tell(std::move(notice));
  tell({"stopped", "info", "success", "the agent stops", {}});
  add_own_records();
  (void)commit(stop_fd);
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
    add_own_records();
  }
  bool more = false;
  for (std::size_t i = 0; i < streams_.size(); ++i) more |= streams_[(next_stream_ + i) % streams_.size()]->collect(batch_, now);
  if (!streams_.empty()) next_stream_ = (next_stream_ + 1) % streams_.size();
  for (Notice& notice : batch_.take_notices()) {
    tell(std::move(notice));
    more = true;
  }
  return more && has_room;
}

void Collector::add_own_records() {
  for (const Notice& notice : notices_) batch_.add({"event", kOwnStream, own_event(notice, speaker_, clock_.now()), 0, ""});
  notices_.clear();
}

// Until it succeeds. False when it was told to stop before: nothing of the batch was taken then.
bool Collector::commit(int stop_fd) {
  if (batch_.empty()) return true;
  std::int64_t failing_since = 0;
  std::string reason;
  for (;;) {
    const Status done = spool_.append(batch_.count(), batch_.lines(), batch_.positions());
    if (done) break;
    if (failing_since == 0) {
      failing_since = clock_.monotonic();
      reason = done.error().message;
      spdlog::error("the spool cannot be written, nothing more is read: {}", reason);
    }
    if (wait(stop_fd, kRetryMillis, false)) return false;
  }
  for (const auto& stream : streams_) stream->committed();
  if (failing_since == 0) return true;
  Notice notice{"spool_failed", "error", "failure", "the spool could not be written, and streams waited: " + reason, {}};
  notice.attributes = {number_attribute("seconds", seconds_since(failing_since, clock_.monotonic())),
                       text_attribute("reason", reason)};
  tell(std::move(notice));
  return true;
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
