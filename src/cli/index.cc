// stele index: whether the index is what the log's entries make, and making it anew.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "The index is derived from the log: searches use it, proofs never do. Without it, or with a damaged one, they read "
    "entries.\n\n"
    "Examples:\n"
    "  stele index status\n"
    "  stele index check        # each file is made again and compared, some 5 us an entry\n"
    "  stele index rebuild\n\n"
    "Exit code: 0 done, 1 files were not what the log's entries make, and are made again, 2 it could not be done.";

struct Options {
  Where where;
  std::string log = "main";
  bool json = false;
};

Result<std::string> ask(Connection& connection, const std::string& target, bool post) {
  if (!post) return connection.get(target);
  constexpr std::int64_t kSeconds = 86'400;
  net::PostRequest request;
  request.content_type = "application/json";
  request.seconds_max = kSeconds;
  STELE_ASSIGN(const auto answer, connection.http().post(target, request));
  if (answer.status != 200) return answer_error(answer, connection.name());
  return answer.body;
}

std::string status_text(const JsonValue& status) {
  const std::uint64_t size = status["size"].number().value_or(0);
  const std::uint64_t entries = status["entries"].number().value_or(0);
  const std::uint64_t bytes = status["bytes"].number().value_or(0);
  std::string out = fmt::format("{} of {} are indexed, in {} of {} bytes", grouped(entries), counted(size, "entry", "entries"),
                                counted(status["files"].number().value_or(0), "file", "files"), grouped(bytes));
  if (const auto damaged = status["damaged"].number().value_or(0); damaged > 0)
    out += "; " + counted(damaged, "file was", "files were") + " found damaged since the server started, and made again";
  return out + "\n";
}

std::string check_text(const JsonValue& check) {
  std::string out;
  check["different"].for_each(
      [&](const JsonValue& name) { out += name.text() + " is not what the log's entries make; it is made again\n"; });
  out += fmt::format("{} checked against {}", counted(check["files"].number().value_or(0), "file", "files"),
                     counted(check["entries"].number().value_or(0), "entry", "entries"));
  if (const auto waiting = check["waiting"].number().value_or(0); waiting > 0)
    out += "; " + counted(waiting, "entry waits", "entries wait") + " for a file";
  return out + "\n";
}

Result<int> run(const Options& options, const std::string& what) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  const std::string target =
      "/api/v1/index" + (what == "status" ? std::string() : "/" + what) + "?log=" + url_encode(options.log);
  STELE_ASSIGN(const std::string body, ask(*connection, target, what != "status"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  const JsonValue answer(tape);
  const std::string text = options.json      ? std::string(tape.text()) + "\n"
                           : what == "check" ? check_text(answer)
                                             : status_text(answer);
  const int code = put_whole("index", text);
  bool differs = false;
  answer["different"].for_each([&](const JsonValue&) { differs = true; });
  return code == kDone && differs ? kNo : code;
}

void add(const Command& index, const std::string& what, const std::string& help, int& exit_code) {
  const Command command = index.add_subcommand(what, help);
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Whose index.").show_default().type_name("NAME");
  command.add_flag("--json", options->json, "As one JSON object.");
  command.footer(kExamples);
  command.callback([options, what, &exit_code] {
    const auto code = run(*options, what);
    if (!code) complain("index", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace

void add_index(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("index", "Look after the index, which searches use.");
  command.require_subcommand();
  command.footer(kExamples);
  add(command, "status", "How many entries are indexed.", exit_code);
  add(command, "check", "Hold the index against the log, entry by entry.", exit_code);
  add(command, "rebuild", "Take all files out and make them anew, beside everything else.", exit_code);
}

}  // namespace stele::cli
