// A run of another program whose answer is wanted and whose cost must not be felt.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace stele::server {

struct ChildOutput {
  int exit_code = 0;  // 128 and the signal's number when a signal ended it
  std::string out;    // of standard output, at most the limit
  std::string err;    // the first kilobytes of standard error
};

// Runs `words` (the first is the program's path) with nothing on standard input, at the lowest priority for processor and disk,
// until it ends; ended with SIGKILL when `stop` becomes true, or when the calling thread ends. It has this process' environment
// and `variables` ("NAME=value"). Beyond `out_bytes_max` its output is read and dropped. kUnavailable when it was stopped, kIo
// when it cannot be started.
Result<ChildOutput> run_in_background(const std::vector<std::string>& words, const std::vector<std::string>& variables,
                                      std::size_t out_bytes_max, const std::atomic<bool>& stop);

}  // namespace stele::server
