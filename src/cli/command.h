// The subcommands of `stele`, one file each.
#pragma once

#include "cli/command_line.h"

namespace stele::cli {

// How a command ended: 0 done, 1 the answer is no (damage found, events refused), 2 it could not be done.
inline constexpr int kDone = 0;
inline constexpr int kNo = 1;
inline constexpr int kCouldNot = 2;

// Each adds its subcommand, which leaves its exit code in `exit_code` when it runs.
void add_serve(const Command& app, int& exit_code);
void add_agent(const Command& app, int& exit_code);
void add_append(const Command& app, int& exit_code);
void add_import(const Command& app, int& exit_code);
void add_tail(const Command& app, int& exit_code);
void add_search(const Command& app, int& exit_code);
void add_timeline(const Command& app, int& exit_code);
void add_index(const Command& app, int& exit_code);
void add_sql(const Command& app, int& exit_code);
void add_get(const Command& app, int& exit_code);
void add_status(const Command& app, int& exit_code);
void add_coverage(const Command& app, int& exit_code);
void add_open(const Command& app, int& exit_code);
void add_erase(const Command& app, int& exit_code);
void add_who(const Command& app, int& exit_code);
void add_token(const Command& app, int& exit_code);
void add_user(const Command& app, int& exit_code);
void add_approval(const Command& app, int& exit_code);
void add_role(const Command& app, int& exit_code);
void add_proof(const Command& app, int& exit_code);
void add_verify(const Command& app, int& exit_code);
void add_encrypt(const Command& app, int& exit_code);
void add_normalize(const Command& app, int& exit_code);
void add_notify(const Command& app, int& exit_code);
void add_config(const Command& app, int& exit_code);
void add_version(const Command& app, int& exit_code);

}  // namespace stele::cli
