// stele timeline: everything that belongs to one incident.
#include <unistd.h>

#include <array>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/entry_line.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "From what is asked for it follows sessions, requests, traces, su and sudo, the accounts of a person and addresses; each "
    "line\n"
    "says why it is there. docs/formats/timeline.md says which links are followed, and when not.\n\n"
    "Examples:\n"
    "  stele timeline --actor ada --since 2d\n"
    "  stele timeline --request req-8f1 --window 30m\n"
    "  stele timeline 'action:ssh.login ip:203.0.113.66' --json | jq '.left_out'\n\n"
    "Exit code: 0 found, 1 nothing is like that, 2 it could not be searched.";

struct Options {
  Where where;
  std::string actor;
  std::string session;
  std::string request;
  std::string target;
  std::vector<std::string> query;
  std::string since;
  std::string until;
  std::string window = "10m";
  std::string log = "main";
  std::uint64_t depth = 4;
  std::uint64_t limit = 500;
  bool json = false;
  bool utc = false;
};

std::string target_of(const Options& options) {
  std::string query;
  for (const std::string& word : options.query) query += (query.empty() ? "" : " ") + word;
  std::string out = "/api/v1/timeline?log=" + url_encode(options.log) + "&depth=" + std::to_string(options.depth) +
                    "&limit=" + std::to_string(options.limit) + "&window=" + url_encode(options.window);
  const std::array<std::pair<std::string_view, std::string_view>, 7> given{{{"actor", options.actor},
                                                                            {"session", options.session},
                                                                            {"request", options.request},
                                                                            {"target", options.target},
                                                                            {"q", query},
                                                                            {"since", options.since},
                                                                            {"until", options.until}}};
  for (const auto& [name, value] : given) {
    if (!value.empty()) out += "&" + std::string(name) + "=" + url_encode(value);
  }
  return out;
}

std::string length_text(std::uint64_t seconds) {
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds) + " s";
}

// "became root by sudo in #55"
std::string reason_text(JsonValue why, std::uint64_t window_seconds) {
  const std::string link = why["link"].text();
  const std::string value = clipped(printable(why["value"].text()), 80);
  const auto through = why["through"].number();
  const std::string entry = through ? "#" + std::to_string(*through) : "";
  if (link == "query") return "as asked";
  if (link == "became") return "became " + value + " by " + printable(why["by"].text()) + " in " + entry;
  if (link == "who") return "who became " + value + " before " + entry;
  std::string out = link + " " + value;
  if (link == "person") out = "account " + value + " of " + printable(why["person"].text());
  if (!through) return out;
  const bool near = link == "ip" || link == "actor" || link == "person";
  return out + (near ? " within " + length_text(window_seconds) + " of " : " of ") + entry;
}

std::string listing(JsonValue answer, const LineStyle& style) {
  std::string out;
  std::string day;
  const std::uint64_t window = answer["window_seconds"].number().value_or(0);
  answer["entries"].for_each([&](JsonValue one) {
    const auto time = parse_time(one["time"].text());
    const std::string today = time ? time_text(*time, style.local_time).substr(0, 10) : "-";
    if (today != day) out += (day.empty() ? "" : "\n") + style.palette.paint(Colour::kBold, today) + "\n";
    day = today;
    out += sentence_line(one["index"].number().value_or(0), one["entry"].raw(), one["sentence"].text(), style) + "\n";
    std::string reasons;
    one["why"].for_each([&](JsonValue why) { reasons += (reasons.empty() ? "" : "; ") + reason_text(why, window); });
    out += "    " + style.palette.paint(Colour::kDim, reasons) + "\n";
  });
  std::string left_out;
  answer["left_out"].for_each(
      [&](JsonValue one) { left_out += "  " + reason_text(one, window) + ": " + printable(one["reason"].text()) + "\n"; });
  if (!left_out.empty()) out += "\nnot followed:\n" + style.palette.paint(Colour::kDim, left_out);
  std::string bounds;
  answer["truncated"].for_each([&](JsonValue one) { bounds += (bounds.empty() ? "" : ", ") + printable(one.text()); });
  if (!bounds.empty()) out += "\nthere may be more; bounds that were met: " + bounds + "\n";
  return out;
}

Result<int> show(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  STELE_ASSIGN(const std::string body, connection->get(target_of(options)));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  const JsonValue answer(tape);
  const bool terminal = is_terminal(STDOUT_FILENO);
  const LineStyle style{palette_for(STDOUT_FILENO), terminal && !options.utc};
  const std::string raw(tape.text());
  const std::string shown = !options.json ? listing(answer, style) : (terminal ? printable(raw) : raw) + "\n";
  const int exit_code = put_whole("timeline", shown);
  const std::uint64_t total = answer["total"].number().value_or(0);
  if (is_terminal(STDERR_FILENO)) complain("timeline", counted(total, "entry", "entries"));
  return exit_code != kDone || total > 0 ? exit_code : kNo;
}

}  // namespace

void add_timeline(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("timeline", "Show everything that belongs to one incident, across sources.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("QUERY", options->query, "Begin with what a query means; or with one of the next four.").type_name("");
  command.add_option("--actor", options->actor, "Begin with an account, and the others of the same person.").type_name("ACCOUNT");
  command.add_option("--session", options->session, "Begin with a session.").type_name("ID");
  command.add_option("--request", options->request, "Begin with a request.").type_name("ID");
  command.add_option("--target", options->target, "Begin with what was acted on.").type_name("ID");
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Log to search.").show_default().type_name("NAME");
  command.add_option("--since", options->since, "Nothing before: 2d, 2026-11-23, 2026-11-23T16:20.").type_name("TIME");
  command.add_option("--until", options->until, "Nothing behind.").type_name("TIME");
  command.add_option("--window", options->window, "How near in time addresses and accounts tie.")
      .show_default()
      .type_name("LENGTH");
  command.add_option("--depth", options->depth, "Most links from what was asked for.").show_default().whole_number();
  command.add_option("--limit", options->limit, "Most entries.").show_default().whole_number();
  command.add_flag("--json", options->json, "As one JSON object.");
  command.add_flag("--utc", options->utc, "Times in UTC on a terminal too.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    const auto code = show(*options);
    if (!code) complain("timeline", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace stele::cli
