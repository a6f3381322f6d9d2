// The data directory: its lock, its version, where everything in it stands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"
#include "log/names.h"
#include "log/sequencer.h"
#include "server/config.h"
#include "server/log_files.h"

namespace stele::server {

// Where things are (docs/formats/data-directory.md).
struct DataLayout {
  std::string root;
  std::string keys;

  explicit DataLayout(const Config& config)
      : root(config.data), keys(config.keys.empty() ? config.data + "/keys" : config.keys) {}
  [[nodiscard]] std::string version_file() const { return root + "/stele.json"; }
  [[nodiscard]] std::string lock_file() const { return root + "/lock"; }
  [[nodiscard]] std::string control_socket() const { return root + "/control.sock"; }
  [[nodiscard]] std::string address_file() const { return root + "/address"; }
  [[nodiscard]] std::string ledger_file(const std::string& name) const { return root + "/sources/" + name + ".json"; }
  [[nodiscard]] std::string notify_file(const std::string& name) const { return state_file("notify", name); }
  [[nodiscard]] std::string upkeep_file(const std::string& name) const { return state_file("upkeep", name); }
  [[nodiscard]] std::string grants_file() const { return root + "/grants.json"; }
  [[nodiscard]] std::string last_uses_file() const { return root + "/last-uses.json"; }
  [[nodiscard]] std::string configuration_file() const { return root + "/configuration.json"; }
  [[nodiscard]] std::string credentials_file() const { return root + "/credentials.json"; }
  [[nodiscard]] std::string tls_dir() const { return root + "/tls"; }
  [[nodiscard]] std::string tls_certificate() const { return tls_dir() + "/certificate.pem"; }
  [[nodiscard]] std::string tls_key() const { return tls_dir() + "/key.pem"; }
  [[nodiscard]] std::string logs_dir() const { return root + "/logs"; }
  [[nodiscard]] std::string log_dir(const std::string& name) const { return logs_dir() + "/" + name; }
  [[nodiscard]] std::string index_dir(const std::string& name) const { return root + "/index/" + name; }
  [[nodiscard]] std::string key_file(const std::string& name) const { return keys + "/" + name + ".key"; }
  [[nodiscard]] std::string sealing_key_file(const std::string& name) const { return keys + "/" + name + ".sealing-key"; }

 private:
  [[nodiscard]] std::string state_file(const std::string& what, const std::string& name) const {
    return root + "/" + what + (name == log::kMainLog ? "" : "-" + name) + ".json";
  }
};

// Creates or checks the directory and takes its exclusive lock. kBusy when a server has it, kInvalid when a newer
// program wrote it.
Result<std::unique_ptr<io::Lock>> lock_data_dir(io::FileSystem& fs, const DataLayout& layout);

// The logs to serve, "main" first: main, audit, those that the configuration names, and those that the directory has.
Result<std::vector<std::string>> log_names(io::FileSystem& fs, const Config& config);

// Opens the log `name`, creating it when absent, and starts its sequencer. The caller holds the lock; `files` outlive it.
Result<std::unique_ptr<log::Sequencer>> open_log(LogFiles& files, const Config& config, const std::string& name,
                                                 const Clock& clock, Random& random);

}  // namespace stele::server
