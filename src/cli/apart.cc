// stele open, stele erase: values that entries keep apart.
#include <unistd.h>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kOpenExamples =
    "An entry has {\"$sealed\":{\"commitment\":\"…\"}} where a secret was, and {\"$attachment\":{…}} where something was too\n"
    "long. Opening a sealed value is an event of its own.\n\n"
    "Examples:\n"
    "  stele open YGjWFKQB4bAuHhzI4R0tVftAA0J3NFfo4xoebg8B1dI=\n"
    "  stele get 12345 --json | jq -r '.original[\"$attachment\"].commitment' | xargs stele open > original.json\n\n"
    "Exit code: 0 done, 1 there is no such value, or no longer, 2 it could not be read.";

constexpr const char* kEraseExamples =
    "Salt and bytes are overwritten; the entry, its hash and every proof stay as they are. That it was done, by whom and why, "
    "is\n"
    "an event, written first. This cannot be undone.\n\n"
    "Example:\n"
    "  stele erase YGjWFKQB4bAuHhzI4R0tVftAA0J3NFfo4xoebg8B1dI= --reason 'erasure request 812'\n\n"
    "Exit code: 0 done, 1 there is no such value, or no longer, 2 it could not be done.";

struct Options {
  Where where;
  std::string log = "main";
  std::string commitment;
  std::string reason;
};

int failed(const char* command, const Error& error) {
  complain(command, error.message);
  return error.code == Code::kNotFound ? kNo : kCouldNot;
}

Result<std::string> open_value(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  const std::string prefix = "/log/" + url_encode(options.log);
  auto attachment = connection->get(prefix + "/attachment/" + url_encode(options.commitment));
  if (attachment || attachment.error().code != Code::kNotFound) return attachment;
  auto sealed = connection->get(prefix + "/sealed/" + url_encode(options.commitment));
  if (sealed) *sealed += '\n';
  return sealed;
}

int open(const Options& options) {
  const auto value = open_value(options);
  if (!value) return failed("open", value.error());
  return put_whole("open", is_terminal(STDOUT_FILENO) ? printable(*value) : *value);
}

Result<std::string> erase_value(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kAppend));
  std::string body = "{\"commitment\":";
  append_json_string(body, options.commitment);
  body += ",\"reason\":";
  append_json_string(body, options.reason);
  STELE_ASSIGN(const net::ClientAnswer answer,
               connection->http().post("/api/v1/erase?log=" + url_encode(options.log), body + "}", "application/json"));
  if (answer.status != 200) return answer_error(answer, connection->name());
  return answer.body;
}

int erase(const Options& options) {
  if (!is_utf8(options.reason)) return failed("erase", invalid("the reason is not UTF-8"));
  const auto answer = erase_value(options);
  if (!answer) return failed("erase", answer.error());
  event::JsonTape tape;
  if (const Status parsed = parse_json(*answer, tape); !parsed) return failed("erase", parsed.error());
  return put_whole("erase", "Erased; entry " + std::string(JsonValue(tape)["index"].raw()) + " says so.\n");
}

}  // namespace

void add_open(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("open", "Print a value that an entry keeps apart: an attachment, or a sealed one.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  add_where_options(command, options->where);
  command.add_option("commitment", options->commitment, "As the entry has it, or as hex.").required();
  command.add_option("--log", options->log, "Which log.").show_default();
  add_approval_option(command, options->where);
  command.footer(kOpenExamples);
  command.callback([options, &exit_code] { exit_code = open(*options); });
}

void add_erase(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("erase", "Erase a value that an entry keeps apart, for ever.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  add_where_options(command, options->where);
  command.add_option("commitment", options->commitment, "As the entry has it, or as hex.").required();
  command.add_option("--reason", options->reason, "Why; it becomes part of the record.").required();
  command.add_option("--log", options->log, "Which log.").show_default();
  add_approval_option(command, options->where);
  command.footer(kEraseExamples);
  command.callback([options, &exit_code] { exit_code = erase(*options); });
}

}  // namespace stele::cli
