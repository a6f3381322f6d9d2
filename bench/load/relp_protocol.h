// RELP: batches of "syslog" commands that were made beforehand, each answered when it is stored.
#pragma once

#include <string>
#include <vector>

#include "engine.h"
#include "replay.h"

namespace stele::bench {

// A request is answered once there is an answer to each of its commands; one that is not 200 makes it refused.
class RelpProtocol final : public Protocol {
 public:
  RelpProtocol(std::size_t connections, Replay& replay) : replay_(replay), states_(connections) {}

  void greet(std::size_t connection, int fd) override;  // opens the session
  Request make(std::size_t connection) override;
  Verdict take(std::size_t connection, std::string_view bytes) override;
  [[nodiscard]] std::string bad_answer() const override { return bad_; }

 private:
  struct State {
    std::string line;           // of an answer that is not complete
    std::uint32_t awaited = 0;  // answers
    bool refused = false;
  };

  Replay& replay_;
  std::vector<State> states_;
  std::string bad_;
};

}  // namespace stele::bench
