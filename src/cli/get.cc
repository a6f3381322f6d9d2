// stele get: one entry, as it is stored or as OCSF has it, or its proof.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "Where standard output is no terminal, and with --json, these are the bytes that the log's proofs cover, and a newline;\n"
    "a terminal gets control characters as \\u escapes.\n\n"
    "Examples:\n"
    "  stele get 12345\n"
    "  stele get 12345 --json | jq .event\n"
    "  stele get 12345 --ocsf\n"
    "  stele get 12345 --proof > entry-12345.tlog-proof\n\n"
    "Exit code: 0 done, 1 there is no such entry, 2 it could not be read.";

struct Options {
  Where where;
  std::string index;
  std::string log = "main";
  bool json = false;
  bool proof = false;
  bool ocsf = false;
};

// The entry's proof to the published checkpoint, which follows an entry within a second.
Result<std::string> get_proof(Connection& connection, const Options& options) {
  const std::string target = "/log/" + url_encode(options.log) + "/proof/" + options.index;
  constexpr int kTries = 30;
  for (int i = 0;; ++i) {
    auto proof = connection.get(target);
    const bool not_yet = !proof && proof.error().code == Code::kNotFound;
    if (!not_yet || i == kTries) return proof;
    STELE_ASSIGN(const std::string entry, connection.get("/api/v1/events/" + options.index + "?log=" + url_encode(options.log)));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Result<std::string> get_entry(Connection& connection, const Options& options) {
  const std::string target = "/api/v1/events/" + options.index + "?log=" + url_encode(options.log);
  STELE_ASSIGN(std::string entry, connection.get(target + (options.ocsf ? "&format=ocsf" : "")));
  const bool terminal = is_terminal(STDOUT_FILENO);
  if (!terminal) return entry + "\n";
  if (options.json) return printable(entry) + "\n";
  event::JsonTape tape;
  if (!parse_json(printable(entry), tape)) return printable(entry) + "\n";
  return indented(tape) + "\n";
}

int get(const Options& options) {
  auto connection = Connection::open(options.where, Reach::kRead);
  if (!connection) {
    complain("get", connection.error().message);
    return kCouldNot;
  }
  const auto text = options.proof ? get_proof(**connection, options) : get_entry(**connection, options);
  if (!text) {
    complain("get", text.error().message);
    return text.error().code == Code::kNotFound ? kNo : kCouldNot;
  }
  return put_whole("get", *text);
}

}  // namespace

void add_get(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("get", "Print one entry, or the proof that it is in the log.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("INDEX", options->index, "Index of the entry, from 0.").required().type_name("").whole_number();
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Log to read.").show_default().type_name("NAME");
  const Option json = command.add_flag("--json", options->json, "The stored bytes on one line, also on a terminal.");
  const Option ocsf =
      command.add_flag("--ocsf", options->ocsf, "The entry as an event of OCSF, the Open Cybersecurity Schema Framework.");
  command.add_flag("--proof", options->proof, "The proof (C2SP tlog-proof) instead of the entry.").excludes(json).excludes(ocsf);
  command.footer(kExamples);
  command.callback([options, &exit_code] { exit_code = get(*options); });
}

}  // namespace stele::cli
