#include "agent/shipper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/json_text.h"
#include "base/readable_text.h"
#include "crypto/sha256.h"
#include "event/json_value.h"
#include "net/compress.h"

namespace stele::agent {
namespace {

constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kBytesMax = 4U << 20;
constexpr std::size_t kCompressFrom = 1'024;
constexpr std::size_t kAnswerBytesMax = 1U << 20;
constexpr std::int64_t kWaitMillis = 500;
constexpr std::int64_t kFirstRetryMillis = 250;
constexpr std::int64_t kLastRetryMillis = 10'000;
constexpr std::int64_t kRetryAfterSecondsMax = 60;
constexpr std::uint64_t kRefusedBytesMax = 64U << 20;

// `text` as part of a query (RFC 3986).
std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (plain)
      out.push_back(c);
    else
      out += "%" + hex_encode(as_byte_span(std::string_view(&c, 1)));
  }
  return out;
}

std::string first_line(std::string_view body) {
  std::string out;
  append_readable(out, body.substr(0, body.find('\n')), 300);
  return out;
}

// How many records an answer says are durable. Whatever stands between may answer 200 too: a login page, a page for everything.
std::optional<std::uint64_t> stored_by(const std::string& body) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(body, {kAnswerBytesMax, 8, 64}, error)) return std::nullopt;
  return event::JsonValue(tape)["stored"].number();
}

}  // namespace

Shipper::Shipper(Spool& spool, io::FileSystem& fs, const Clock& clock, Speaker speaker, ShipperOptions options)
    : spool_(spool),
      fs_(fs),
      clock_(clock),
      speaker_(std::move(speaker)),
      options_(std::move(options)),
      client_(options_.url),
      target_("/api/v1/collect/records?source=" + url_encode(options_.source) + "&log=" + url_encode(options_.log)),
      lines_max_(kLinesMax) {
  client_.set_token(options_.token);
  client_.set_trust(options_.trust);
}

void Shipper::run() {
  while (!is_over()) {
    if (spool_.wait(kWaitMillis)) step();
  }
  const std::lock_guard lock(mutex_);
  done_ = true;
  ended_.notify_all();
}

void Shipper::drain(std::int64_t millis) {
  std::unique_lock lock(mutex_);
  draining_ = true;
  ended_.notify_all();
  spool_.wake();
  ended_.wait_for(lock, std::chrono::milliseconds(millis), [this] { return done_; });
  cancelled_ = true;
}

Shipper::State Shipper::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Shipper::is_over() const {
  if (cancelled_) return true;
  const std::lock_guard lock(mutex_);
  return draining_ && (failures_ > 0 || spool_.waiting().records == 0);
}

void Shipper::step() {
  const auto batch = spool_.read(lines_max_, kBytesMax);
  if (!batch || batch->lines.empty())
    return wait_again({Outcome::kAgain, batch ? "nothing of what waits can be read" : batch.error().message, 0});
  const std::uint64_t last = batch->lines.back().seq;
  const Answer answer = post(batch->text, batch->lines.size());
  switch (answer.outcome) {
    case Outcome::kStored:
      if (!in_doubt_.empty()) (void)fs_.remove(std::exchange(in_doubt_, {}));
      stored(last, batch->lines.size());
      lines_max_ = last < careful_until_ ? 1 : std::min(kLinesMax, lines_max_ * 2);
      return;
    case Outcome::kAgain: return wait_again(answer);
    case Outcome::kFewer:
      if (batch->lines.size() == 1) return refuse(*batch, answer);
      lines_max_ = batch->lines.size() / 2;
      return;
    case Outcome::kRefused:
      if (batch->lines.size() == 1) return refuse(*batch, answer);
      careful_until_ = std::max(careful_until_, last);
      lines_max_ = 1;
      return;
  }
}

Shipper::Answer Shipper::post(std::string_view lines, std::size_t count) {
  std::string packed;
  if (options_.compress && lines.size() >= kCompressFrom) packed = net::compress_zstd(lines);
  net::PostRequest request;
  request.body = packed.empty() ? lines : std::string_view(packed);
  request.content_type = "application/x-ndjson";
  if (!packed.empty()) request.headers.emplace_back("Content-Encoding: zstd");
  request.answer_bytes_max = kAnswerBytesMax;
  request.give_up = &cancelled_;
  const auto answer = client_.post(target_, request);
  if (!answer) return {Outcome::kAgain, answer.error().message, 0};
  const std::string words = options_.url + " answers " + std::to_string(answer->status) + ": " + first_line(answer->body);
  if (answer->status == 200) {
    if (stored_by(answer->body) == count) return {Outcome::kStored, "", 0};
    return {Outcome::kAgain, words + " (not that it stored the " + std::to_string(count) + " records; is it a Stele server?)",
            answer->retry_after};
  }
  if (answer->status == 413) return {Outcome::kFewer, words, 0};
  if (answer->status == 400 || answer->status == 422) return {Outcome::kRefused, words, 0};
  return {Outcome::kAgain, words, answer->retry_after};
}

void Shipper::stored(std::uint64_t seq, std::uint64_t count) {
  if (const Status done = spool_.acknowledge(seq); !done)
    spdlog::warn("what the server has cannot be noted: {}; after a crash it is sent again", done.error().message);
  const std::lock_guard lock(mutex_);
  if (!state_.trouble.empty()) spdlog::info("{} takes records again", options_.url);
  state_.trouble.clear();
  state_.sent += count;
  failures_ = 0;
}

void Shipper::wait_again(const Answer& answer) {
  std::unique_lock lock(mutex_);
  if (state_.trouble != answer.words) spdlog::warn("{}; the records wait in the spool", answer.words);
  state_.trouble = answer.words;
  ++failures_;
  const std::int64_t doubled = kFirstRetryMillis << std::min(failures_ - 1, 10U);
  const std::int64_t millis =
      std::max(std::min(doubled, kLastRetryMillis), 1'000 * std::min(answer.retry_after, kRetryAfterSecondsMax));
  ended_.wait_for(lock, std::chrono::milliseconds(millis), [this] { return draining_; });
}

void Shipper::refuse(const SpoolBatch& batch, const Answer& answer) {
  const std::uint64_t seq = batch.lines[0].seq;
  const std::string path = options_.refused_dir + "/" + spool_.sequence().name + "-" + std::to_string(seq) + ".json";
  const auto instead = keep_refused(path, seq, batch.line(0), answer.words);
  if (!instead) return wait_again({Outcome::kAgain, instead.error().message, 0});
  Answer second = post(*instead, 1);
  if (second.outcome != Outcome::kStored) {  // it is not this record that is refused, but whatever comes
    in_doubt_ = path;
    if (second.outcome != Outcome::kAgain) second.words += " (as it says of an event of the agent's own)";
    return wait_again(second);
  }
  in_doubt_.clear();
  spdlog::warn("record {} is refused and kept as {}: {}", seq, path, answer.words);
  stored(seq, 0);
  lines_max_ = seq < careful_until_ ? 1 : kLinesMax;
  const std::lock_guard lock(mutex_);
  ++state_.refused;
}

// The record with the reason, durable, and beside it the line that is sent in its place: always the same, so that it may be sent
// again after a crash.
Result<std::string> Shipper::keep_refused(const std::string& path, std::uint64_t seq, std::string_view line,
                                          const std::string& why) {
  if (fs_.exists(path)) {
    STELE_ASSIGN(const std::string text, io::read_file(fs_, path, kRefusedBytesMax));
    event::JsonTape tape;
    event::JsonError error;
    if (tape.parse(text, {kRefusedBytesMax, 8, 64}, error)) {
      const event::JsonValue kept(tape);
      if (kept["sent"].text() == line) return kept["instead"].text();
    }
  }
  Notice notice{"record_refused", "error", "failure", "a record was refused by the server and is kept on this machine", {}};
  notice.attributes = {text_attribute("reason", why), number_attribute("bytes", line.size()),
                       text_attribute("sha256", hex_encode(as_byte_span(crypto::sha256(as_byte_span(line))))),
                       text_attribute("kept", path)};
  std::string instead;
  append_record_line(instead, {"event", kOwnStream, own_event(notice, speaker_, clock_.now()), 0, ""}, spool_.sequence(), seq);
  std::string text = R"({"why":")";
  append_readable(text, why);
  text += R"(","sent":)";
  append_json_string(text, line);
  text += R"(,"instead":)";
  append_json_string(text, instead);
  text += "}\n";
  STELE_TRY(fs_.make_dirs(options_.refused_dir));
  STELE_TRY(io::write_file(fs_, path, text, 0600));
  return instead;
}

}  // namespace stele::agent
