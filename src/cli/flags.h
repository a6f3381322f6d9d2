// Flags that several commands share.
#pragma once

#include <string>

#include "cli/command_line.h"

namespace stele::cli {

// Where a log is, as the flags say. Both empty: the data directory of the environment (STELE_DATA), else "stele-data".
// With --url the token of the environment (STELE_TOKEN) is shown.
struct Where {
  std::string url;
  std::string data;
};

// The token of the environment; empty: none.
std::string environment_token();

// Adds --url and --data.
void add_where_options(const Command& command, Where& where);

}  // namespace stele::cli
