// What a long-running command says of itself while it runs.
#pragma once

namespace stele::cli {

// To standard error: one JSON object a line, for whatever collects it; coloured lines on a terminal. Once a process.
void start_logging();

// What this process says about itself as a server is for nobody, unless something is wrong.
void quieten_server();

}  // namespace stele::cli
