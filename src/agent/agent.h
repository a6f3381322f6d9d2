// An agent put together: streams, spool, shipper.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/collector.h"
#include "agent/config.h"
#include "agent/shipper.h"
#include "agent/spool.h"
#include "base/result.h"

namespace stele::agent {

class Agent {
 public:
  // Opens the spool and every stream. `config` was checked; its names are filled in.
  static Result<std::unique_ptr<Agent>> start(const Config& config, io::FileSystem& fs, const Clock& clock, Random& random);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Until `stop_fd` is readable; then what was read is made durable and sent, as far as that goes within some seconds. An error
  // when it could not be made durable.
  Status run(int stop_fd);

  // A line for each stream: what it is and how it is.
  [[nodiscard]] std::vector<std::string> words() const { return words_; }

 private:
  Agent() = default;
  Status add_streams(const Config& config);

  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Shipper> shipper_;
  std::unique_ptr<Collector> collector_;
  std::thread sending_;
  std::vector<std::string> words_;
};

}  // namespace stele::agent
