// stele config: the keys of the configuration, and how a server is or was set.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/entry_line.h"
#include "cli/json.h"
#include "cli/text.h"
#include "server/config.h"

namespace stele::cli {
namespace {

constexpr const char* kShowExamples =
    "What a server is set to is an entry of the log \"audit\" when it starts with something else than the time before; this is "
    "what these\n"
    "entries say up to a moment. What is long or secret is shown as its SHA-256.\n\n"
    "Examples:\n"
    "  stele config show\n"
    "  stele config show --at 2026-06-30\n"
    "  diff <(stele config show --at 30d) <(stele config show)\n\n"
    "Exit code: 0 done, 2 it could not be done.";

struct Options {
  Where where;
  std::string at;
  bool json = false;
};

Result<int> show(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  STELE_ASSIGN(const std::string body,
               connection->get("/api/v1/configuration" + (options.at.empty() ? "" : "?at=" + url_encode(options.at))));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  if (options.json) return put_whole("config", std::string(tape.text()) + "\n");
  std::string out;
  JsonValue(tape)["configuration"].for_each_member(
      [&](std::string_view name, JsonValue value) { out += std::string(name) + ": " + printable(value.text()) + "\n"; });
  return put_whole("config", out.empty() ? "Nothing was on record then.\n" : out);
}

}  // namespace

void add_config(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("config", "Print a configuration file with every key, documented, at its default.");
  const Command one = command.add_subcommand("show", "Show how the server is set, or was.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  add_where_options(one, options->where);
  one.add_option("--at", options->at, "As it was then: 2026-06-30T12:00, or 30d for so long ago.").type_name("TIME");
  one.add_flag("--json", options->json, "As one JSON object.");
  one.footer(kShowExamples);
  auto shows = std::make_shared<bool>(false);
  one.callback([options, shows, &exit_code] {
    *shows = true;
    const auto code = show(*options);
    if (!code) complain("config", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
  command.callback([shows, &exit_code] {
    if (*shows) return;
    fmt::print("{}", server::config_template());
    exit_code = kDone;
  });
}

}  // namespace stele::cli
