// bench_load: makes the corpus, drives Stele and its peers, and measures the limits of the machine they stand on.
#include <array>
#include <cstdio>
#include <exception>
#include <string_view>

#include "commands.h"

namespace {

struct Command {
  std::string_view name;
  int (*run)(stele::bench::Options&);
  std::string_view usage;
};

constexpr std::array<Command, 9> kCommands{{
    {"corpus", stele::bench::run_corpus, "--events N --out FILE [--seed S] [--ids]"},
    {"http", stele::bench::run_http,
     "--corpus FILE (--connect HOST:PORT | --unix PATH) [--path PATH] [--token T] [--batch B] [--connections C] [--seconds T]\n"
     "          [--events N] [--rate EVENTS_PER_SECOND] [--id-round R]"},
    {"postgres", stele::bench::run_postgres,
     "--corpus FILE --unix SOCKET --user U --database D --statement SQL [--batch B] [--connections C] [--seconds T]"},
    {"replay", stele::bench::run_replay,
     "--requests FILE --connect HOST:PORT [--protocol http|relp] [--connections C] [--seconds T] [--id-round R]"},
    {"grpc", stele::bench::run_grpc,
     "--requests FILE --connect HOST:PORT --method /SERVICE/METHOD [--connections C] [--seconds T] [--id-round R]"},
    {"datagrams", stele::bench::run_datagrams,
     "--requests FILE --connect HOST:PORT [--seconds T] [--rate DATAGRAMS_PER_SECOND] [--id-round R]"},
    {"syslog", stele::bench::run_syslog,
     "--corpus FILE --connect HOST:PORT [--file WRITTEN] [--framing octet|newline] [--connections C] [--seconds T]\n"
     "          [--events N]"},
    {"fdatasync", stele::bench::run_fdatasync, "--dir DIR [--size BYTES] [--seconds T]"},
    {"sha256", stele::bench::run_sha256, "[--size BYTES] [--seconds T]"},
}};

int usage() {
  std::fputs("usage:\n", stderr);
  for (const Command& command : kCommands) {
    std::fprintf(stderr, "  bench_load %s %s\n", command.name.data(), command.usage.data());
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return usage();
  for (const Command& command : kCommands) {
    if (command.name != argv[1]) continue;
    try {
      stele::bench::Options options({argv + 2, static_cast<std::size_t>(argc - 2)}, {"ids"});
      return command.run(options);
    } catch (const std::exception& error) {
      stele::bench::give_up(error.what());
    }
  }
  return usage();
}
