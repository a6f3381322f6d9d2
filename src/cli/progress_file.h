// FILE.stele-progress: how far an append of FILE came, so that the next run goes on there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/delivery.h"

namespace stele::cli {

// What tells a file apart from another, and from itself once rewritten.
struct FileIdentity {
  std::uint64_t size = 0;
  std::uint64_t modified = 0;  // ns since 1970
  std::uint64_t inode = 0;
};

struct Progress {
  FileIdentity file;
  std::string origin;  // of the log
  std::string source;
  std::uint64_t offset = 0;  // everything before it was answered for
  std::uint64_t line = 0;    // lines before it
  std::uint64_t stored = 0;
  std::uint64_t repeated = 0;
  std::uint64_t refused = 0;
  std::optional<std::uint64_t> first;  // indexes
  std::optional<std::uint64_t> last;

  void add(const Outcome& outcome);
};

std::string progress_json(const Progress& progress);
// kInvalid when it is not what progress_json writes.
Result<Progress> parse_progress(std::string_view json);

// Whether `progress` is about this very file, log and source: kConflict says what is different. A file may have grown.
Status check_progress(const Progress& progress, const FileIdentity& file, const std::string& origin, const std::string& source);

}  // namespace stele::cli
