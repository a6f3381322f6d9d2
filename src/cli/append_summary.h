// What an append came to, in the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/progress_file.h"

namespace stele::cli {

struct AppendSummary {
  std::string log;
  std::string origin;
  std::uint64_t stored = 0;    // by all runs together
  std::uint64_t earlier = 0;   // of them, by runs before this one
  std::uint64_t repeated = 0;  // of those stored: were in the log before they were sent
  std::uint64_t refused = 0;
  std::optional<std::uint64_t> first;  // lowest and highest index
  std::optional<std::uint64_t> last;
  double seconds = 0;  // of this run
  std::string error;   // why it did not finish; else empty

  void add(const Progress& progress, std::uint64_t stored_earlier);
};

// "stored 12,345 events as entries 0–12,344 in 2.1 s; refused 3"
std::string summary_text(const AppendSummary& summary);
// One object, one line.
std::string summary_json(const AppendSummary& summary);

}  // namespace stele::cli
