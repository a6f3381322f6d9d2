// The subcommands of `stele`, one file each.
#pragma once

#include <CLI/CLI.hpp>

namespace stele::cli {

// How a command ended: 0 done, 1 the answer is no (damage found, events refused), 2 it could not be done.
inline constexpr int kDone = 0;
inline constexpr int kNo = 1;
inline constexpr int kCouldNot = 2;

// Each adds its subcommand, which leaves its exit code in `exit_code` when it runs.
void add_serve(CLI::App& app, int& exit_code);
void add_agent(CLI::App& app, int& exit_code);
void add_append(CLI::App& app, int& exit_code);
void add_import(CLI::App& app, int& exit_code);
void add_tail(CLI::App& app, int& exit_code);
void add_get(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_coverage(CLI::App& app, int& exit_code);
void add_open(CLI::App& app, int& exit_code);
void add_erase(CLI::App& app, int& exit_code);
void add_who(CLI::App& app, int& exit_code);
void add_proof(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_normalize(CLI::App& app, int& exit_code);
void add_notify(CLI::App& app, int& exit_code);
void add_config(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);

}  // namespace stele::cli
