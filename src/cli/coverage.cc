// stele coverage: which sources feed the log and what is missing; the statement of completeness, made and checked.
#include "sources/coverage.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/json.h"
#include "cli/statement_check.h"
#include "cli/text.h"
#include "io/file.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  stele coverage\n"
    "  stele coverage --period 2026-10-01..2026-12-31 --json | jq '.unfed'\n"
    "  stele coverage --period 2026-11 --statement > november.statement\n"
    "  stele coverage --check november.statement\n\n"
    "Exit code: 0 nothing is missing, 1 a source is silent or has gaps (--check: the statement is not what the log\n"
    "leads to), 2 no answer.";

struct Options {
  Where where;
  std::string log = "main";
  std::string period = "30d";
  std::string check;
  std::string key;
  bool statement = false;
  bool json = false;
};

std::string number(JsonValue value) { return grouped(value.number().value_or(0)); }

std::string listed(JsonValue texts) {
  std::string out;
  texts.for_each([&](JsonValue text) { out += (out.empty() ? "" : ", ") + printable(text.text()); });
  return out.empty() ? "-" : out;
}

std::string last_seen(JsonValue value) {
  const auto time = parse_time(value.text());
  if (!time) return "never";
  const std::int64_t ago = (system_clock().now() - *time) / kSecond;
  return duration_text(static_cast<std::uint64_t>(std::max<std::int64_t>(ago, 0))) + " ago";
}

// Every gap that is known, a line each, and the sum of those that are not kept one by one.
std::string gaps_text(JsonValue source) {
  std::string out;
  source["sequences"].for_each([&](JsonValue sequence) {
    const std::string name = sequence["name"].text();
    sequence["gaps"].for_each([&](JsonValue gap) {
      const std::string numbers = gap["from"].raw() == gap["to"].raw()
                                      ? std::string(gap["from"].raw())
                                      : fmt::format("{} to {}", gap["from"].raw(), gap["to"].raw());
      out += fmt::format("  {}{}: {} missing\n", printable(source["source"].text()),
                         name.empty() ? "" : " (" + printable(name) + ")", numbers);
    });
  });
  const JsonValue older = source["older_sequences"];
  if (older["missing"].number().value_or(0) > 0)
    out += fmt::format("  {} ({}): {} missing\n", printable(source["source"].text()),
                       counted(older["count"].number().value_or(0), "older counter", "older counters"), number(older["missing"]));
  return out;
}

std::string table(JsonValue coverage, const Palette& palette, bool& complete) {
  std::vector<std::vector<std::string>> rows = {
      {"SOURCE", "HEALTH", "DOORS", "STORED", "QUARANTINED", "REFUSED", "MISSING", "LAST SEEN"}};
  std::string gaps;
  coverage["sources"].for_each([&](JsonValue source) {
    const std::string health = source["health"].text();
    complete = complete && health == "good";
    gaps += gaps_text(source);
    rows.push_back({clipped(printable(source["source"].text()), 40), health, listed(source["kinds"]), number(source["stored"]),
                    number(source["quarantined"]), number(source["refused"]), number(source["missing"]),
                    last_seen(source["last_seen"])});
  });
  std::string out = fmt::format("{} to {} (UTC)\n\n", coverage["period"]["from"].text(), coverage["period"]["to"].text());
  out += columns(rows, palette);
  if (!gaps.empty()) out += "\n" + palette.paint(Colour::kRed, "Missing numbers") + "\n" + gaps;
  rows = {{"CATEGORY", "STORED", "FED BY"}};
  coverage["categories"].for_each([&](JsonValue category) {
    rows.push_back({category["category"].text(), number(category["stored"]), clipped(listed(category["sources"]), 60)});
  });
  out += "\n" + columns(rows, palette);
  const std::string unfed = listed(coverage["unfed"]);
  if (unfed != "-") out += "\n" + palette.paint(Colour::kYellow, "No source feeds: ") + unfed + "\n";
  return out;
}

Result<int> show(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  const std::string query = "?log=" + url_encode(options.log) + "&period=" + url_encode(options.period);
  if (options.statement) {
    STELE_ASSIGN(const std::string note, connection->get("/api/v1/coverage/statement" + query));
    return put_whole("coverage", note);
  }
  STELE_ASSIGN(const std::string body, connection->get("/api/v1/coverage" + query));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  bool complete = true;
  const std::string text = table(JsonValue(tape), palette_for(STDOUT_FILENO), complete);
  const int exit_code = put_whole("coverage", options.json ? std::string(tape.text()) + "\n" : text);
  return exit_code != kDone || complete ? exit_code : kNo;
}

Result<int> check(const Options& options) {
  STELE_ASSIGN(const std::string note, io::read_file(io::posix(), options.check, kStatementBytesMax));
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  const auto verdict = check_statement(*connection, options.log, note, options.key);
  if (!verdict) return verdict.error().in(options.check);
  return put_whole("coverage", *verdict + "\n");
}

}  // namespace

void add_coverage(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("coverage", "Show which sources feed a log, and what is missing.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Which log.").show_default();
  command.add_option("--period", options->period, "Days of UTC: 2026-11-26, 2026-11, FROM..TO, or the last ones, 30d.")
      .show_default();
  command.add_flag("--json", options->json, "As one JSON object.");
  command.add_flag("--statement", options->statement, "The signed statement of completeness for the period.");
  command.add_option("--check", options->check, "Recount every entry and hold the statement in this file against it.");
  command.add_option("--key", options->key, "With --check: the log's verifier key, as you know it. Without: as the log says.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    const auto code = options->check.empty() ? show(*options) : check(*options);
    if (!code) complain("coverage", code.error().message);
    exit_code = code ? *code : code.error().code == Code::kCorrupt ? kNo : kCouldNot;
  });
}

}  // namespace stele::cli
