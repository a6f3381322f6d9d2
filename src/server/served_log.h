// One log that the server has, and all that follows it: its index, the watch over its sources, notifications, upkeep.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/metrics_text.h"
#include "base/result.h"
#include "keyring/master_key.h"
#include "log/sequencer.h"
#include "notify/notifier.h"
#include "search/indexer.h"
#include "server/config.h"
#include "server/log_files.h"
#include "server/upkeep.h"
#include "sources/watch.h"

namespace stele::server {

class ServedLog {
 public:
  // Opens the log, creating it when absent. The caller holds the lock of the data directory; the configuration outlives it.
  static Result<std::unique_ptr<ServedLog>> open(const Config& config, std::string name, const keyring::MasterKeys& masters,
                                                 const sources::Registry& registry);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] log::Sequencer& log() { return *log_; }
  [[nodiscard]] LogFiles& files() { return *files_; }
  [[nodiscard]] search::Indexer* indexer() { return indexer_.get(); }  // none where nothing is searched
  [[nodiscard]] const sources::Watch& watch() const { return *watch_; }

  // Begins to look after the disk and to verify: not before everything else is open.
  void begin_upkeep(const keyring::MasterKeys& masters);
  // Says in the server's own log, and to whom is notified, when the log stops taking events, when it takes them again, and
  // what damage was found since it was asked last.
  void tell_changes();

  void append_metrics(MetricsText& out) const;

  // In this order, the searches' end between them. Idempotent.
  void stop_watch() { watch_->stop(); }
  void drain();

 private:
  ServedLog(const Config& config, std::string name) : config_(config), name_(std::move(name)) {}
  Status open_index();
  Status open_notifier();
  void open_watch(const sources::Registry& registry);
  void tell_of_stop(const std::optional<Error>& why);

  const Config& config_;
  std::string name_;
  std::unique_ptr<LogFiles> files_;
  std::unique_ptr<log::Sequencer> log_;
  std::unique_ptr<search::Indexer> indexer_;
  std::unique_ptr<notify::Notifier> notifier_;  // none without destinations
  std::unique_ptr<sources::Watch> watch_;
  std::unique_ptr<Upkeep> upkeep_;

  bool told_stopped_ = false;
  std::size_t told_damage_ = 0;  // sentences of it
};

}  // namespace stele::server
