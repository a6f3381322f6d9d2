// One prepared statement, executed over and over with a batch of the corpus as its only parameter: PostgreSQL's frontend
// protocol 3.0 over a Unix socket with trust authentication, so that the peer is driven by as cheap a client as Stele is.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "corpus.h"
#include "engine.h"

namespace stele::bench {

class PostgresProtocol final : public Protocol {
 public:
  // `statement` has the one parameter $1, text: the batch as lines of JSON. Each execution is its own transaction.
  PostgresProtocol(std::string user, std::string database, std::string statement, std::size_t connections, Corpus& corpus);

  void greet(std::size_t connection, int fd) override;
  Request make(std::size_t connection) override;
  Verdict take(std::size_t connection, std::string_view bytes) override;
  [[nodiscard]] std::string bad_answer() const override { return bad_; }

 private:
  struct State {
    std::array<char, 32> head{};  // of the Bind message, up to the parameter's bytes
    std::string received;         // of a message that is not complete
    bool failed = false;
  };

  // Takes complete messages off the front of `state.received`; true at ReadyForQuery.
  bool take_messages(State& state);
  void wait_until_ready(State& state, int fd);

  std::string user_;
  std::string database_;
  std::string statement_;
  Corpus& corpus_;
  std::vector<State> states_;
  std::string bad_;
};

}  // namespace stele::bench
