// stele encrypt: what a data directory holds in plain is written anew, encrypted.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/logging.h"
#include "cli/server_flags.h"
#include "cli/text.h"
#include "server/encrypt_directory.h"
#include "server/master_key_source.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "A server that is given a master key encrypts what it writes from then on. This encrypts what was there before, while no\n"
    "server runs; cut short, the same command goes on. Entries, proofs and receipts stay what they were. Once a log is "
    "encrypted\n"
    "nothing opens it without the key: keep the key, and a copy of it, elsewhere. What stood there in plain stays on the medium\n"
    "until that place is used again.\n\n"
    "Examples:\n"
    "  (umask 077; openssl rand -base64 32 > /etc/stele/master.key)\n"
    "  stele encrypt --data /var/lib/stele --master-key file:/etc/stele/master.key\n"
    "  stele serve --data /var/lib/stele --master-key file:/etc/stele/master.key\n\n"
    "Another master key later: put it on the first line of the file, above the old one, and start the server again.\n\n"
    "Exit code: 0 done, 2 it could not be done.";

struct Options {
  ServerFlags flags;
  std::string data;
  std::string keys;
  std::string master_key;
  bool json = false;
};

std::string text_of(const server::EncryptedDirectory& done) {
  std::string out = fmt::format("{} written anew, {} bytes; {} encrypted\n", counted(done.files, "file", "files"),
                                grouped(done.bytes), counted(done.values, "attachment", "attachments"));
  if (done.waiting > 0)
    out +=
        counted(done.waiting, "entry waits", "entries wait") + " in plain in a journal until they are sealed: start the server\n";
  return out;
}

Result<int> run(Options& options) {
  for (const auto& [name, value] :
       {std::pair("data", options.data), {"keys", options.keys}, {"master_key", options.master_key}}) {
    if (!value.empty()) options.flags.values[name] = {value};
  }
  STELE_ASSIGN(const server::Config config, read_config(options.flags));
  STELE_ASSIGN(const auto masters, server::read_master_keys(config.master_key, config.data));
  const bool on_terminal = ::isatty(STDERR_FILENO) != 0;
  const auto tell = [&](const std::string& path) {
    if (on_terminal) fmt::print(stderr, "\r\033[K  {}", path);
  };
  const auto done = server::encrypt_directory(config, masters, tell);
  if (on_terminal) fmt::print(stderr, "\r\033[K");
  if (!done) return done.error();
  if (!options.json) return put_whole("encrypt", text_of(*done));
  return put_whole("encrypt", fmt::format("{{\"files\":{},\"bytes\":{},\"attachments\":{},\"waiting\":{}}}\n", done->files,
                                          done->bytes, done->values, done->waiting));
}

}  // namespace

void add_encrypt(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("encrypt", "Encrypt what a data directory holds from before it had a master key.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("--data", options->data, "Data directory.").type_name("DIR");
  command.add_option("--keys", options->keys, "Directory of its signing keys, where they are elsewhere.").type_name("DIR");
  command.add_option("--master-key", options->master_key, "Where the key is: file:PATH, env:NAME or command:WORDS.")
      .type_name("KEY");
  command.add_option("--config", options->flags.config_file, "The server's configuration, which says all of these.")
      .type_name("FILE");
  command.add_flag("--json", options->json, "As one JSON object.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    quieten_server();
    const auto code = run(*options);
    if (!code) complain("encrypt", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace stele::cli
