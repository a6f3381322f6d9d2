#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "cli/command.h"

namespace {

// A descriptor below 3 that is closed would become that of the first file that is opened: what is said to standard error would
// go into the log. It becomes one that reads nothing and takes nothing. False when even that fails.
bool take_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    if (::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
  }
  return true;
}

// What was printed and found no place must not look like success: a full disk under `stele verify --json > FILE`. Whoever
// stops reading a pipe has what he wanted.
int flushed(int exit_code) {
  if (std::fflush(stdout) == 0 || errno == EPIPE) return exit_code;
  std::perror("stele: cannot write to standard output");
  return exit_code == stele::cli::kDone ? stele::cli::kCouldNot : exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  if (!take_standard_descriptors()) return stele::cli::kCouldNot;
  stele::cli::CommandLine line("Stele: an audit log that is proof and not only a record.");
  const stele::cli::Command app = line.root();
  int exit_code = stele::cli::kDone;
  stele::cli::add_serve(app, exit_code);
  stele::cli::add_agent(app, exit_code);
  stele::cli::add_append(app, exit_code);
  stele::cli::add_import(app, exit_code);
  stele::cli::add_tail(app, exit_code);
  stele::cli::add_search(app, exit_code);
  stele::cli::add_timeline(app, exit_code);
  stele::cli::add_sql(app, exit_code);
  stele::cli::add_get(app, exit_code);
  stele::cli::add_index(app, exit_code);
  stele::cli::add_status(app, exit_code);
  stele::cli::add_coverage(app, exit_code);
  stele::cli::add_open(app, exit_code);
  stele::cli::add_erase(app, exit_code);
  stele::cli::add_who(app, exit_code);
  stele::cli::add_token(app, exit_code);
  stele::cli::add_user(app, exit_code);
  stele::cli::add_approval(app, exit_code);
  stele::cli::add_role(app, exit_code);
  stele::cli::add_proof(app, exit_code);
  stele::cli::add_verify(app, exit_code);
  stele::cli::add_encrypt(app, exit_code);
  stele::cli::add_normalize(app, exit_code);
  stele::cli::add_notify(app, exit_code);
  stele::cli::add_config(app, exit_code);
  stele::cli::add_version(app, exit_code);
  try {
    switch (line.parse(argc, argv)) {
      case stele::cli::CommandLine::Read::kChosen: return flushed(exit_code);
      case stele::cli::CommandLine::Read::kPrinted: return flushed(stele::cli::kDone);
      case stele::cli::CommandLine::Read::kWrong: return flushed(stele::cli::kCouldNot);
    }
  } catch (const std::system_error& e) {  // fmt::print found no place
    (void)std::fprintf(stderr, "stele: %s\n", e.what());
  }
  return stele::cli::kCouldNot;
}
