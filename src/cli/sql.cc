// stele sql: what a statement answers.
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/json.h"
#include "cli/text.h"
#include "sql/statement.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "Read-only SQL, as SQLite has it, on one table: events(idx, id, received, time, source, actor_id, actor_type, actor_name,\n"
    "actor_email, action, category, outcome, severity, target_id, target_type, target_name, origin_ip, user_agent, session,\n"
    "request_id, host, message, seq, event_id, attributes, entry). WHERE q = 'actor:ada since:30d' is a query of stele search.\n"
    "docs/formats/sql.md has the rest.\n\n"
    "Examples:\n"
    "  stele sql 'SELECT action, outcome, count(*) FROM events GROUP BY 1, 2 ORDER BY 3 DESC'\n"
    "  stele sql \"SELECT time, actor_id, message FROM events WHERE q = 'outcome:denied since:7d' ORDER BY idx DESC LIMIT 20\"\n"
    "  stele sql --csv \"SELECT actor_id, sum(json_extract(entry, '$.event.attributes.bytes')) FROM events GROUP BY 1\" > "
    "sums.csv\n\n"
    "Exit code: 0 it answered, 2 it could not be asked.";

constexpr std::size_t kCellCharacters = 60;  // on a terminal

struct Options {
  Where where;
  std::string statement;
  std::string log = "main";
  std::uint64_t rows = 10'000;
  bool json = false;
  bool csv = false;
};

// Null is nothing; text is itself; the rest is as JSON writes it.
std::string cell_text(JsonValue value, bool terminal) {
  if (value.is(event::JsonType::kNull)) return "";
  std::string out = printable(value.is(event::JsonType::kString) ? value.text() : std::string(value.raw()));
  return terminal ? clipped(out, kCellCharacters) : out;
}

// Without the names of the columns.
std::uint64_t csv_rows(std::string_view csv) {
  std::uint64_t lines = 0;
  bool quoted = false;
  for (const char c : csv) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) ++lines;
  }
  return lines - std::min<std::uint64_t>(lines, 1);
}

Result<std::string> table(const std::string& body, bool& truncated) {
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  const JsonValue answer(tape);
  truncated = answer["truncated"].is(event::JsonType::kTrue);
  std::vector<std::vector<std::string>> rows(1);
  answer["columns"].for_each([&](JsonValue name) { rows[0].push_back(printable(name.text())); });
  answer["rows"].for_each([&](JsonValue row) {
    auto& cells = rows.emplace_back();
    row.for_each([&](JsonValue value) { cells.push_back(cell_text(value, is_terminal(STDOUT_FILENO))); });
  });
  return columns(rows, palette_for(STDOUT_FILENO));
}

// Its own ends of lines stay.
std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    out += printable(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Result<int> show(const Options& options) {
  STELE_ASSIGN(const auto connection, Connection::open(options.where, Reach::kRead));
  std::string request = "{\"query\":";
  append_json_string(request, options.statement);
  request += ",\"log\":";
  append_json_string(request, options.log);
  request += ",\"limit\":";
  append_decimal(request, options.rows);
  request += options.csv ? ",\"format\":\"csv\"}" : "}";
  STELE_ASSIGN(const auto answer, connection->http().post("/api/v1/sql", request, "application/json"));
  if (answer.status != 200) return answer_error(answer, connection->name());
  bool truncated = options.csv ? csv_rows(answer.body) >= options.rows || answer.body.size() > sql::kAnswerBytesMax
                               : answer.body.ends_with("\"truncated\":true}\n");
  std::string text = answer.body;
  if (!options.json && !options.csv) {
    STELE_ASSIGN(text, table(answer.body, truncated));
  } else if (is_terminal(STDOUT_FILENO)) {
    text = printable_lines(text);
  }
  const int code = put_whole("sql", text);
  if (truncated) complain("sql", "there may be more rows: -n takes more, up to a million, and an answer has 64 MiB");
  return code;
}

}  // namespace

void add_sql(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("sql", "Ask a log in SQL.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("STATEMENT", options->statement, "One SELECT.").required().type_name("");
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Log to ask.").show_default().type_name("NAME");
  command.add_option("-n,--rows", options->rows, "Most rows to show.").show_default().type_name("COUNT").whole_number();
  const Option json = command.add_flag("--json", options->json, "As one JSON object: columns, rows, truncated.");
  command.add_flag("--csv", options->csv, "As CSV (RFC 4180).").excludes(json);
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    const auto code = show(*options);
    if (!code) complain("sql", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace stele::cli
