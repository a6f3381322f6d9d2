// Brings a batch of lines into a log: sends, waits and sends again until the log has answered for every line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/connection.h"
#include "cli/line_input.h"
#include "cli/patient_post.h"

namespace stele::cli {

// A line that the log does not take.
struct Refusal {
  std::uint64_t line = 0;
  std::string code;
  std::string path;  // RFC 6901, within the event
  std::string message;
};

// What became of a batch.
struct Outcome {
  std::uint64_t stored = 0;            // repeated ones included
  std::uint64_t repeated = 0;          // were there already
  std::optional<std::uint64_t> first;  // lowest and highest index of those stored
  std::optional<std::uint64_t> last;
  std::vector<Refusal> refused;
  std::vector<std::string> receipts;  // answers with a leaf for each event, and their receipt: JSON on one line

  void add(Outcome&& other);
};

// Reads an answer to POST /api/v1/events for `lines`, with results=full or results=range. An answer about the request as a whole,
// and one that makes no sense, is an error.
Result<Outcome> read_outcome(const net::ClientAnswer& answer, std::span<const BatchLine> lines, const std::string& name);

class Delivery {
 public:
  struct Options {
    std::string log;
    std::string source;
    bool keep_receipts = false;
    Patience patience;
  };
  Delivery(Connection& connection, const Clock& clock, Options options);

  // In order and as a whole, but for lines that are refused. kUnavailable when the log took nothing for longer than the
  // patience; part of the batch may be stored then. kBusy: told to stop.
  Result<Outcome> send(const LineBatch& batch);

 private:
  Result<Outcome> send_part(const LineBatch& batch, std::size_t from, std::size_t count);

  Connection& connection_;
  const Clock& clock_;
  Options options_;
  std::string target_;
};

}  // namespace stele::cli
