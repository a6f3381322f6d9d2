#include "server/served_log.h"

#include <spdlog/spdlog.h>

#include "crypto/random.h"
#include "io/clock_discipline.h"
#include "log/names.h"
#include "server/data_dir.h"
#include "server/notify_config.h"

namespace stele::server {

Result<std::unique_ptr<ServedLog>> ServedLog::open(const Config& config, std::string name, const keyring::MasterKeys& masters,
                                                   const sources::Registry& registry) {
  std::unique_ptr<ServedLog> self(new ServedLog(config, std::move(name)));
  auto files = LogFiles::open(config, self->name_, masters);
  if (!files) return files.error().in("log " + self->name_);
  self->files_ = std::move(*files);
  const DataLayout layout(config);
  for (const std::string& path : {layout.ledger_file(self->name_), layout.notify_file(self->name_)})
    STELE_TRY(self->files_->encrypt(path, "{"));
  auto opened = open_log(*self->files_, config, self->name_, system_clock(), crypto::system_random());
  if (!opened) return opened.error().in("log " + self->name_);
  self->log_ = std::move(*opened);
  const auto store = self->log_->store();
  spdlog::info("log {} open: {} entries, {} sealed, origin {}", self->name_, store->size(), store->sealed_size(),
               store->identity().origin);
  STELE_TRY(self->open_index());
  STELE_TRY(self->open_notifier());  // before anything is written that it must tell of
  self->open_watch(registry);
  STELE_TRY(self->files_->reserve(config));  // not before it is open: to start is needed to look at anything
  return self;
}

Status ServedLog::open_index() {
  if (!config_.index) return {};
  search::IndexerOptions options;
  options.dir = DataLayout(config_).index_dir(name_);
  options.say = [](const std::string& what) { spdlog::warn("{}", what); };
  STELE_ASSIGN(indexer_, search::Indexer::start(files_->contents(), *log_, std::move(options)));
  return {};
}

Status ServedLog::open_notifier() {
  STELE_ASSIGN(auto destinations, make_destinations(config_, system_clock()));
  if (destinations.empty()) return {};
  for (const auto& one : destinations) spdlog::info("log {}: notifications go to {} ({})", name_, one->name(), one->place());
  notify::NotifierOptions options;
  options.log_name = name_;
  options.state_file = DataLayout(config_).notify_file(name_);
  options.quiet = static_cast<std::int64_t>(config_.notify_quiet_minutes) * 60 * kSecond;
  options.say = [](notify::NotifierOptions::Level level, const std::string& what) {
    using Level = notify::NotifierOptions::Level;
    spdlog::log(level == Level::kError     ? spdlog::level::err
                : level == Level::kWarning ? spdlog::level::warn
                                           : spdlog::level::info,
                "{}", what);
  };
  STELE_ASSIGN(notifier_,
               notify::Notifier::start(files_->contents(), *log_, std::move(destinations), std::move(options), system_clock()));
  return {};
}

void ServedLog::open_watch(const sources::Registry& registry) {
  const bool is_main = name_ == log::kMainLog;
  sources::WatchOptions options;
  options.ledger_file = DataLayout(config_).ledger_file(name_);
  options.report = config_.watch_sources && name_ != log::kAuditLog;          // its one source is this server
  if (config_.watch_clock && is_main) options.clock = &io::clock_discipline;  // there is one clock
  watch_ =
      std::make_unique<sources::Watch>(*log_, files_->contents(), registry.of_log(name_), system_clock(), std::move(options));
}

void ServedLog::begin_upkeep(const keyring::MasterKeys& masters) {
  const DataLayout layout(config_);
  UpkeepOptions options;
  options.data = layout.root;
  options.log_name = name_;
  options.state_file = layout.upkeep_file(name_);
  options.watch_disk = name_ == log::kMainLog;  // there is one disk
  options.disk_warn_percent = config_.disk_warn_percent;
  options.verify_hours = config_.verify_hours;
  if (files_->ring() != nullptr) options.master_key = keyring::master_key_text(masters.front());
  upkeep_ = std::make_unique<Upkeep>(*log_, std::move(options), system_clock());
}

void ServedLog::tell_changes() {
  const auto why = log_->stopped();
  if (why && !told_stopped_) spdlog::error("log {}: {}", name_, why->message);
  if (why.has_value() != told_stopped_) tell_of_stop(why);
  if (!why && told_stopped_) spdlog::info("log {} takes events again, from entry {} on", name_, log_->store()->size());
  told_stopped_ = why.has_value();
  const log::Damage damage = log_->store()->damage();
  for (; told_damage_ < damage.sentences.size(); ++told_damage_)
    spdlog::error("log {}: {}", name_, damage.sentences[told_damage_]);
}

// A log that takes no events can hold no entry about it: this goes out from memory.
void ServedLog::tell_of_stop(const std::optional<Error>& why) {
  if (!notifier_ || !config_.notify_log_stopped) return;
  notify::Notice notice;
  notice.kind = why ? "log.stopped" : "log.resumed";
  notice.severity = why ? "critical" : "notice";
  notice.subject_type = "log";
  notice.subject = name_;
  notice.message = why ? "The log takes no events: " + why->message : "The log takes events again.";
  notice.time = system_clock().now();
  notice.log = log_->store()->identity().origin;
  notice.id = notify::notice_id(notice);
  notifier_->tell(notice);
}

void ServedLog::append_metrics(MetricsText& out) const {
  if (indexer_) {
    const std::string labels = "log=\"" + name_ + "\"";
    const search::IndexerStatus status = indexer_->status();
    out.gauge("stele_index_entries", "Entries that are indexed.", status.covered, labels);
    out.gauge("stele_index_files", "Files of the index.", status.files, labels);
    out.gauge("stele_index_bytes", "Bytes of these files.", status.file_bytes, labels);
    out.counter("stele_index_damaged_total", "Index files that were found damaged and made again.", status.damaged, labels);
  }
  if (upkeep_) upkeep_->append_metrics(out);
  if (notifier_) notifier_->append_metrics(out);
}

void ServedLog::drain() {
  if (watch_) watch_->stop();
  if (indexer_) indexer_->drain();
  if (upkeep_) upkeep_->drain();
  if (notifier_) notifier_->drain();
  log_->drain();
}

}  // namespace stele::server
