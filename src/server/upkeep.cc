#include "server/upkeep.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>

#include "base/threads.h"
#include "event/json_value.h"
#include "io/file.h"
#include "server/child_process.h"

namespace stele::server {
namespace {

constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kLookEvery = 5 * kSecond;
constexpr std::int64_t kFirstAfter = kHour;  // a log that was never verified
constexpr std::uint64_t kStateBytesMax = 4096;
constexpr std::size_t kReportBytesMax = 16U << 20;
constexpr std::size_t kFindingsTold = 3;
constexpr std::string_view kMasterKeyVariable = "STELE_KEY_OF_VERIFICATION";
constexpr int kIntact = 0;
constexpr int kDamage = 1;

}  // namespace

Upkeep::Upkeep(log::Sequencer& log, UpkeepOptions options, const Clock& clock)
    : log_(log),
      options_(std::move(options)),
      clock_(clock),
      disk_(static_cast<unsigned>(std::max<std::uint64_t>(options_.disk_warn_percent, 1)), options_.data) {
  verify_at_ = options_.verify_hours == 0 ? 0 : verify_due();
  thread_ = std::thread([this] { run(); });
}

Upkeep::~Upkeep() { drain(); }

void Upkeep::drain() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Upkeep::sleep(std::int64_t nanos) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::nanoseconds(nanos), [&] { return stopping_.load(); });
}

void Upkeep::run() {
  name_this_thread("upkeep");
  work_in_background();
  do {
    if (options_.watch_disk) look_at_disk();
    if (verify_at_ != 0 && clock_.now() >= verify_at_) verify();
  } while (sleep(kLookEvery));
}

void Upkeep::look_at_disk() {
  const auto space = io::space_at(options_.data);
  if (!space) return spdlog::warn("{}", space.error().message);
  disk_bytes_ = space->bytes;
  disk_free_ = space->free;
  if (options_.disk_warn_percent == 0) return;
  const auto event = disk_.sample(*space, clock_.now());
  if (!event || !write(*event)) return;
  disk_.written();
  if (disk_.filling())
    spdlog::warn("{}", event->message);
  else
    spdlog::info("{}", event->message);
}

// True once it is durable.
bool Upkeep::write(const event::InternalEvent& event) {
  auto batch = event::internal_batch(event);
  if (!batch) {
    spdlog::error("{} cannot be an entry: {}", event.action, batch.error().message);
    return true;  // it never will be
  }
  // Shared with the log, which answers even after nobody waits any more.
  auto promise = std::make_shared<std::promise<bool>>();
  auto answer = promise->get_future();
  log_.submit(std::move(*batch), false, [promise](const Result<log::Delivered>& result) { promise->set_value(result.ok()); });
  return answer.get();
}

// `upkeep.json` says when the log was last verified; without it a new log has some time first.
UnixNanos Upkeep::verify_due() const {
  const auto text = io::read_file(io::posix(), options_.state_file, kStateBytesMax);
  event::JsonTape tape;
  event::JsonError error;
  if (text && tape.parse(*text, {}, error)) {
    if (const auto verified = parse_time(event::JsonValue(tape)["verified"].text()))
      return *verified + static_cast<std::int64_t>(options_.verify_hours) * kHour;
  }
  return clock_.now() + kFirstAfter;
}

void Upkeep::verify() {
  std::vector<std::string> words{"/proc/self/exe", "verify", "--data", options_.data, "--log", options_.log_name, "--json"};
  std::vector<std::string> variables;
  if (!options_.master_key.empty()) {
    words.insert(words.end(), {"--master-key", "env:" + std::string(kMasterKeyVariable)});
    variables.push_back(std::string(kMasterKeyVariable) + "=" + options_.master_key);
  }
  const auto output = run_in_background(words, variables, kReportBytesMax, stopping_);
  if (stopping_) return;
  const auto event = output ? verification_event(output->out, output->err, output->exit_code, options_.log_name, clock_.now())
                            : verification_event({}, output.error().message, -1, options_.log_name, clock_.now());
  const bool intact = event.outcome == "success";
  if (intact)
    spdlog::info("log {}: {}", options_.log_name, event.message);
  else
    spdlog::error("log {}: {}", options_.log_name, event.message);
  while (!write(event)) {
    if (!sleep(kLookEvery)) return;
  }
  verified_intact_ = intact ? 1 : 0;
  verified_at_ = clock_.now();
  note_verified();
}

void Upkeep::note_verified() {
  const UnixNanos now = clock_.now();
  verify_at_ = now + static_cast<std::int64_t>(options_.verify_hours) * kHour;
  const Status saved =
      io::write_file(io::posix(), options_.state_file, "{\"stele_upkeep\":1,\"verified\":\"" + format_time(now) + "\"}\n", 0600);
  if (!saved) spdlog::warn("that the log was verified cannot be noted: {}", saved.error().message);
}

void Upkeep::append_metrics(MetricsText& out) const {
  if (options_.watch_disk) {
    out.gauge("stele_disk_bytes", "Size of the data directory's file system.", disk_bytes_);
    out.gauge("stele_disk_free_bytes", "What is left of it.", disk_free_);
  }
  if (verified_intact_ < 0) return;
  const std::string labels = "log=\"" + options_.log_name + "\"";
  out.gauge("stele_verify_intact", "1 when the last verification found nothing wrong.",
            static_cast<std::uint64_t>(verified_intact_.load()), labels);
  out.gauge("stele_verify_timestamp_seconds", "When it ended, in seconds since 1970.",
            static_cast<std::uint64_t>(verified_at_ / kSecond), labels);
}

event::InternalEvent verification_event(std::string_view json, std::string_view complaint, int exit_code,
                                        std::string_view log_name, UnixNanos now) {
  event::InternalEvent event;
  event.time = now;
  event.targets = {{"log", std::string(log_name)}};
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kReportBytesMax;
  limits.nodes_max = 2'000'000;
  const bool read = tape.parse(json, limits, error);
  const event::JsonValue report = read ? event::JsonValue(tape) : event::JsonValue();
  const std::uint64_t entries = report["size"].number().value_or(0);
  if (exit_code == kIntact && read) {
    event.action = "stele.verify.passed";
    event.message = fmt::format("All {} entries, and all that is kept of them, were verified and are intact.", entries);
    event.attributes = {{"entries", entries},
                        {"checkpoints", report["checkpoints"].number().value_or(0)},
                        {"files", report["files"].number().value_or(0)}};
    return event;
  }
  event.action = "stele.verify.failed";
  event.category = "security_event";
  event.outcome = "failure";
  event.severity = "critical";
  if (exit_code != kDamage) {
    event.severity = "error";
    event.message = "The log could not be verified; `stele verify` says what is in the way.";
    event.attributes = {{"reason", std::string(complaint)}};
    return event;
  }
  std::uint64_t findings = 0;
  std::vector<std::string> first;
  report["findings"].for_each([&](event::JsonValue finding) {
    if (++findings > kFindingsTold) return;
    first.push_back(finding["kind"].text() + ": " + finding["where"].text() + ": " + finding["message"].text());
  });
  event.message = fmt::format("Verification found damage in {} {} of the log; run `stele verify` for all of it.",
                              findings == 0 ? "some" : std::to_string(findings), findings == 1 ? "place" : "places");
  event.attributes = {{"entries", entries}, {"findings", findings}};
  for (std::size_t i = 0; i < first.size(); ++i) event.attributes.emplace_back("finding_" + std::to_string(i + 1), first[i]);
  return event;
}

}  // namespace stele::server
