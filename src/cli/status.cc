// stele status: how the logs of a server are.
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/entry_line.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  stele status\n"
    "  stele status --url http://127.0.0.1:7373 --json | jq '.logs[0].size'\n\n"
    "Exit code: 0 every log takes events, 1 one does not, 2 no answer.";

struct Options {
  Where where;
  bool json = false;
};

std::string grouped_number(JsonValue value) { return value.number() ? grouped(*value.number()) : "-"; }

std::string text_or_dash(JsonValue value) { return value.text().empty() ? "-" : printable(value.text()); }

// Like "2026-11-23 17:19:59.998 +0100 (3 s ago)" on a terminal.
std::string last_received(JsonValue value, bool terminal) {
  const auto time = parse_time(value.text());
  if (!time) return "-";
  const std::int64_t ago = (system_clock().now() - *time) / kSecond;
  return time_text(*time, terminal) + (ago >= 0 ? " (" + duration_text(static_cast<std::uint64_t>(ago)) + " ago)" : "");
}

std::string damage_text(JsonValue sentences, const Palette& palette) {
  std::string out;
  sentences.for_each([&](JsonValue sentence) { out += (out.empty() ? "" : "; ") + text_or_dash(sentence); });
  return out.empty() ? "none met" : palette.paint(Colour::kRed, out);
}

std::string clock_text(JsonValue clock, const Palette& palette) {
  if (!clock) return "-";
  if (!clock["synchronised"].is(event::JsonType::kTrue))
    return palette.paint(Colour::kYellow, "nobody keeps it") + ": start chrony or systemd-timesyncd";
  return "synchronised, at most " + grouped_number(clock["max_error_us"]) + " us off";
}

std::string table(JsonValue status, const Connection& connection, bool& accepting) {
  const Palette palette = palette_for(STDOUT_FILENO);
  const bool terminal = is_terminal(STDOUT_FILENO);
  const std::string uptime = duration_text(status["uptime_seconds"].number().value_or(0));
  std::string out = two_columns({
      {"server", connection.is_own() ? "none is running; this command opened " + printable(connection.name())
                                     : printable(connection.name())},
      {"version", text_or_dash(status["version"])},
      {"uptime", connection.is_own() ? "-" : uptime},
      {"clock", clock_text(status["clock"], palette)},
  });
  status["logs"].for_each([&](JsonValue log) {
    const bool takes = log["accepting"].is(event::JsonType::kTrue);
    accepting = accepting && takes;
    out += "\n" + two_columns({
                      {"log", palette.paint(Colour::kBold, text_or_dash(log["name"]))},
                      {"entries", grouped_number(log["size"])},
                      {"sealed", grouped_number(log["sealed_size"])},
                      {"published", grouped_number(log["published_size"])},
                      {"accepting", takes ? palette.paint(Colour::kGreen, "yes")
                                          : palette.paint(Colour::kRed, "no") + ": " + text_or_dash(log["why_not"])},
                      {"damage", damage_text(log["damage"], palette)},
                      {"last received", last_received(log["last_received"], terminal)},
                      {"origin", text_or_dash(log["origin"])},
                      {"key", text_or_dash(log["key"])},
                  });
  });
  return out;
}

Result<int> show(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  STELE_ASSIGN(const std::string body, connection->get("/api/v1/status"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  bool accepting = true;
  const std::string text = table(JsonValue(tape), *connection, accepting);
  const int exit_code = put_whole("status", options.json ? std::string(tape.text()) + "\n" : text);
  return exit_code != kDone || accepting ? exit_code : kNo;
}

}  // namespace

void add_status(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("status", "Show what the logs hold and whether they take events.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  add_where_options(command, options->where);
  command.add_flag("--json", options->json, "As one JSON object.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    const auto code = show(*options);
    if (!code) complain("status", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace stele::cli
