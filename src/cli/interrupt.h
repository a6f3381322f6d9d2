// SIGINT and SIGTERM for commands that stop in order: the first asks, the second ends the process.
#pragma once

#include <cstdint>

namespace stele::cli {

void catch_stop_signals();
bool stop_asked();
// False once it was asked to stop.
bool sleep_millis(std::int64_t millis);

}  // namespace stele::cli
