#include <fmt/format.h>

#include "cli/command.h"

namespace stele::cli {

void add_version(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("version", "Print the version.");
  command.callback([&exit_code] {
    fmt::print("stele {}\n", STELE_VERSION);
    exit_code = kDone;
  });
}

}  // namespace stele::cli
