// stele serve: the server, in the foreground, until SIGTERM or SIGINT.
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

#include "cli/command.h"
#include "cli/descriptor_limit.h"
#include "cli/logging.h"
#include "cli/server_flags.h"
#include "cli/service_manager.h"
#include "server/confinement.h"
#include "server/master_key_source.h"
#include "server/server.h"

namespace stele::cli {
namespace {

// Bodies and batches of up to some megabytes come and go at a high rate: they stay in the heap instead of being mapped,
// zeroed and unmapped by the kernel each time. (mallopt(3): more than 32 MiB is refused as a threshold.)
void tune_allocator() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 128 << 20);
}

// Threads have heaps of their own, which keep what is freed in them: of eight logs three quarters of the memory were such (glibc
// 2.36). It takes 30 ms where there are 400 MB to give, in each heap a part of it. What was given still counts as free: nothing
// is done as long as that hardly changes.
void give_memory_back(std::size_t& free_then) {
  constexpr std::size_t kWorthIt = 32U << 20;
  const std::size_t free_now = ::mallinfo2().fordblks;
  if (free_now < free_then + kWorthIt && free_then < free_now + kWorthIt) return;
  if (free_now > kWorthIt) ::malloc_trim(0);
  free_then = free_now;
}

// Until a signal of these comes.
void wait_for(const sigset_t& signals) {
  constexpr timespec kWhile{30, 0};
  std::size_t free_then = 0;
  while (::sigtimedwait(&signals, nullptr, &kWhile) < 0) give_memory_back(free_then);
}

// Each connection holds a descriptor, and the log needs some for its files: a crowd at the door must not stop it.
void fit_connections(server::Config& config) {
  constexpr std::uint64_t kForTheLog = 128;
  const auto limit = raise_descriptor_limit();
  if (!limit) return;
  const bool streams = !config.syslog.empty() || !config.syslog_tls.empty() || !config.relp.empty() || !config.relp_tls.empty();
  const std::uint64_t of_grpc = config.otlp_grpc.size() + config.otlp_grpc_tls.size();  // doors of two descriptors a connection
  const std::uint64_t doors = 1 + (streams ? 1 : 0) + 2 * of_grpc;
  const std::uint64_t room = *limit > kForTheLog + doors ? (*limit - kForTheLog) / doors : 1;
  if (config.connections <= room) return;
  spdlog::warn("this process may open {} files: a door takes {} connections, not {}", *limit, room, config.connections);
  config.connections = room;
}

int serve(const ServerFlags& flags) {
  start_logging();
  tune_allocator();
  auto config = read_config(flags);
  if (!config) {
    fmt::print(stderr, "stele serve: {}\n", config.error().message);
    return kCouldNot;
  }
  auto masters = server::read_master_keys(config->master_key, config->data);  // what a command may not reach any more later
  if (!masters) {
    fmt::print(stderr, "stele serve: {}\n", masters.error().message);
    return kCouldNot;
  }
  // Before any thread starts, so that all inherit the mask and the signal waits for us.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file over the limit is a failed write, as on a full disk
  fit_connections(*config);
  const ServiceManager manager(std::getenv("NOTIFY_SOCKET"));
  if (const Status confined = server::confine_process(*config); !confined) {
    fmt::print(stderr, "stele serve: {}\n", confined.error().message);
    return kCouldNot;
  }
  auto server = server::Server::start(*config, std::move(*masters));
  if (!server) {
    fmt::print(stderr, "stele serve: {}\n", server.error().message);
    return kCouldNot;
  }
  manager.tell("READY=1");
  wait_for(stop);
  manager.tell("STOPPING=1");
  spdlog::info("stopping");
  (*server)->drain();
  return kDone;
}

}  // namespace

void add_serve(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("serve", "Run the server until it is told to stop (SIGTERM).");
  auto flags = std::make_shared<ServerFlags>();  // shared by the flags and the callback
  add_server_flags(command, *flags, "");
  command.callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace stele::cli
