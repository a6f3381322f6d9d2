// stele agent: follows what is written on this machine and brings it to a server, in the foreground, until SIGTERM.
#include "agent/agent.h"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>

#include "agent/discovery.h"
#include "agent/followed_file.h"
#include "cli/command.h"
#include "cli/descriptor_limit.h"
#include "cli/flags.h"
#include "cli/logging.h"
#include "cli/text.h"
#include "crypto/random.h"
#include "io/file.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "Reads on where it stopped, whatever happened in between: each line gets to the server once, in order, under a number\n"
    "that leaves no gap. What the server does not have yet waits in the spool.\n\n"
    "Examples:\n"
    "  stele agent --url http://127.0.0.1:7373 --spool /var/lib/stele-agent   # follows what it finds on this machine\n"
    "  stele agent --spool DIR --no-discover --file /srv/app/app.log\n"
    "  stele agent --print-config > agent.yaml; stele agent --config agent.yaml\n"
    "  stele agent --list                                                     # what it would follow, and what it may not "
    "read\n\n"
    "It tells what it follows and what it cannot read, with the command that gives it the right. docs/sources/agent.md has "
    "more.\n"
    "Exit code: 0 it was told to stop, 2 it could not start, or not keep what it had read.";

struct Options {
  std::string config_file;
  std::string url;
  std::string spool;
  std::string source;
  net::Trust trust;
  std::vector<std::string> files;
  bool no_discover = false;
  bool print_config = false;
  bool list = false;
};

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());  // before any other thread starts
  return entry == nullptr ? std::to_string(::geteuid()) : entry->pw_name;
}

Result<std::string> read_token(const agent::Config& config) {
  constexpr std::uint64_t kBytesMax = 4096;
  if (config.token_file.empty()) return environment_token();
  STELE_ASSIGN(std::string token, io::read_file(io::posix(), config.token_file, kBytesMax));
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  if (token.empty()) return invalid(config.token_file + " is empty; it holds the token that is shown to the server");
  return token;
}

Result<agent::Config> read_config(const Options& options) {
  agent::Config config;
  if (!options.config_file.empty()) STELE_TRY(agent::read_config_file(options.config_file, config));
  if (!options.url.empty()) config.url = options.url;
  if (!options.spool.empty()) config.spool = options.spool;
  if (!options.source.empty()) config.source = options.source;
  if (!options.trust.ca_file.empty()) config.ca_file = options.trust.ca_file;
  if (!options.trust.pin.empty()) config.pin = options.trust.pin;
  STELE_ASSIGN(config.token, read_token(config));
  if (options.no_discover) config.discover = false;
  for (const std::string& path : options.files) config.files.push_back({path, "", false, false});
  if (options.list && config.spool.empty()) config.spool = "-";
  if (config.host.empty()) config.host = host_name();
  if (config.source.empty()) config.source = config.host;
  STELE_TRY(agent::check_config(config));
  return config;
}

// Adds what is found on the machine; says in lines for people what it is, and what cannot be read.
std::vector<std::string> discover(agent::Config& config) {
  std::vector<std::string> words;
  if (!config.discover) return words;
  const agent::Discovery found = agent::discover("", user_name());
  config.journal = config.journal || found.journal;
  config.files.insert(config.files.end(), found.files.begin(), found.files.end());
  for (const auto& one : found.unreadable)
    words.push_back("cannot read " + one.path + ": " + one.why + (one.remedy.empty() ? "" : ". To allow it: " + one.remedy));
  return words;
}

int list(agent::Config config) {
  const auto unreadable = discover(config);
  std::string out;
  const auto say = [&](const std::string& line) { out += printable(line) + "\n"; };
  if (config.journal) say("follows the journal");
  for (const auto& file : config.files)
    say("follows " + file.path + " (" + (file.format.empty() ? agent::format_of_path(file.path) : file.format) + ")");
  for (const auto& socket : config.sockets) say("listens at " + socket.path);
  for (const std::string& line : unreadable) say(line);
  if (out.empty()) out = "there is nothing to follow\n";
  return put_whole("agent", out);
}

int run(const Options& options) {
  if (options.print_config) return put_whole("agent", agent::config_template());
  auto config = read_config(options);
  if (!config) {
    complain("agent", config.error().message);
    return kCouldNot;
  }
  if (options.list) return list(*config);
  start_logging();
  (void)raise_descriptor_limit();
  // Before any thread starts, so that all inherit the mask.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file over the limit is a failed write, as on a full disk
  const agent::Descriptor stop_fd(::signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
  for (const std::string& line : discover(*config)) spdlog::warn("{}", line);
  auto started = agent::Agent::start(*config, io::posix(), system_clock(), crypto::system_random());
  if (!started) {
    complain("agent", started.error().message);
    return kCouldNot;
  }
  for (const std::string& line : (*started)->words()) spdlog::info("follows {}", line);
  if ((*started)->words().empty()) spdlog::warn("there is nothing to follow: only the agent's own heartbeat is sent");
  spdlog::info("sends to {} as source {}", config->url, config->source);
  const Status kept = (*started)->run(stop_fd.get());
  if (kept) return kDone;
  complain("agent",
           "what was read last could not be kept, and of what programs wrote to a socket it is lost: " + kept.error().message);
  return kCouldNot;
}

}  // namespace

void add_agent(const Command& app, int& exit_code) {
  const Command command =
      app.add_subcommand("agent", "Follow this machine's logs and bring them to a server, until it is told to stop.");
  command.footer(kExamples);
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("--config", options->config_file, "YAML file; --print-config prints one that explains itself.")
      .type_name("FILE");
  command.add_option("--url", options->url, "Server. Default: http://127.0.0.1:7373.").type_name("URL");
  command.add_option("--spool", options->spool, "Folder in which records wait until the server has them.").type_name("DIR");
  command.add_option("--source", options->source, "Source id under which they stand. Default: the host's name.").type_name("ID");
  add_trust_options(command, options->trust);
  command.add_option("--file", options->files, "A file to follow, or a pattern; may be given several times.")
      .type_name("PATH")
      .one_value_each();
  command.add_flag("--no-discover", options->no_discover, "Follow only what is named.");
  command.add_flag("--list", options->list, "Say what would be followed, and what cannot be read; follow nothing.");
  command.add_flag("--print-config", options->print_config, "Print a documented configuration file.");
  command.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace stele::cli
