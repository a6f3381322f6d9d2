// One line on a terminal that says how far an append is, rewritten in place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace stele::cli {

// How far a file is.
struct Position {
  std::string name;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> bytes_total;  // nothing for a pipe
  std::uint64_t bytes_begun = 0;             // where this run began
  std::uint64_t events = 0;                  // of this run
};

// "app.ndjson  34 %  3.4 MiB of 10.0 MiB  12,345 events  6,172 events/s  8 s left"
std::string position_text(const Position& position, double seconds);

// Writes to standard error; silent when that is no terminal.
class ProgressLine {
 public:
  ProgressLine(const Clock& clock, bool on) : clock_(clock), on_(on) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // A new file begins: its rate counts from here.
  void begin();
  // At most ten times a second.
  void show(const Position& position);
  void clear();

 private:
  const Clock& clock_;
  bool on_;
  bool shown_ = false;
  std::int64_t begun_ = 0;
  std::int64_t shown_at_ = 0;
};

}  // namespace stele::cli
