// Flags that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace stele::cli {

// Where a log is, as the flags say. Both empty: the data directory of the environment (STELE_DATA), else "stele-data".
struct Where {
  std::string url;
  std::string data;
};

// Adds --url and --data.
void add_where_options(CLI::App& command, Where& where);

// Takes decimal digits only, up to 2^64-1.
CLI::Validator whole_number();

}  // namespace stele::cli
