// What a long-running command says of itself while it runs.
#pragma once

namespace stele::cli {

// To standard error: one JSON object a line, for whatever collects it; coloured lines on a terminal. Once a process.
void start_logging();

}  // namespace stele::cli
