// The server: everything is constructed and tied together here, started, drained and stopped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "keyring/master_key.h"
#include "server/config.h"

namespace stele::server {

class Server {
 public:
  // Opens the data directory and every door. `masters` open logs that are encrypted (read_master_keys). On failure nothing stays
  // open.
  static Result<std::unique_ptr<Server>> start(const Config& config, keyring::MasterKeys masters);
  // Stops as drain() does.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where the HTTP door is, as bound.
  [[nodiscard]] const std::vector<std::string>& addresses() const;
  [[nodiscard]] const std::vector<std::string>& syslog_addresses() const;

  // Closes the doors, finishes what is under way, publishes and closes the logs. Idempotent.
  void drain();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace stele::server
