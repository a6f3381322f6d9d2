// The server's configuration from a file, the environment and flags, for the commands that need it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "server/config.h"

namespace stele::cli {

struct ServerFlags {
  std::string config_file;
  std::map<std::string, std::vector<std::string>> values;  // by setting name, as given by flags
};

// Adds --config and a flag for each setting whose name begins with `prefix`. `flags` outlives the parsing.
void add_server_flags(const Command& command, ServerFlags& flags, std::string_view prefix);

// Flags go before the environment, that before the file.
Result<server::Config> read_config(const ServerFlags& flags);

}  // namespace stele::cli
