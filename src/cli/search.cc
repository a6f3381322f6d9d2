// stele search: entries that a query means.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/os_error.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/entry_line.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "A query is made of terms that must all hold: words, \"phrases\", field:value, field=exactly, field:val*, field>5,\n"
    "ip:10.0.0.0/8, since:30d, -term, (a OR b), ~\"substring\". Quote it for the shell; one that begins with '-' goes behind "
    "'--'.\n"
    "docs/formats/query.md has the whole language.\n\n"
    "Examples:\n"
    "  stele search 'actor:ada -outcome:success since:30d'\n"
    "  stele search 'category:data_export ip:203.0.113.0/24' -n 500 --json > exports.ndjson\n"
    "  stele search 'action:*.delete (target:invoices OR target:customers)' --count\n\n"
    "Exit code: 0 found, 1 nothing is like that, 2 it could not be searched.";

struct Options {
  Where where;
  std::vector<std::string> query;
  std::string log = "main";
  std::uint64_t lines = 50;
  bool all = false;
  bool oldest = false;
  bool count = false;
  bool json = false;
  bool columns = false;
  bool utc = false;
};

class Search {
 public:
  explicit Search(const Options& options)
      : options_(options), terminal_(is_terminal(STDOUT_FILENO)), sentences_(terminal_ && !options.json && !options.columns) {
    style_ = {palette_for(STDOUT_FILENO), terminal_ && !options.utc};
    for (const std::string& word : options.query) query_ += (query_.empty() ? "" : " ") + word;
  }

  Result<int> run() {
    STELE_ASSIGN(const auto connection, Connection::open(options_.where, Reach::kRead));
    std::uint64_t shown = 0;
    const std::uint64_t wanted = options_.count ? 0 : options_.all ? UINT64_MAX : options_.lines;
    do {
      STELE_ASSIGN(const std::uint64_t page, show_page(*connection, wanted - shown));
      shown += page;
    } while (!cursor_.empty() && shown < wanted && !closed_);
    if (options_.count) show(std::to_string(total_) + "\n");
    if (unwritten_ != 0) return os_error("cannot write what was found", unwritten_);
    if (!options_.count && is_terminal(STDERR_FILENO)) put_summary(shown);
    return total_ > 0 ? kDone : kNo;
  }

 private:
  // How many entries it had.
  Result<std::uint64_t> show_page(Connection& connection, std::uint64_t wanted) {
    constexpr std::uint64_t kPage = 1000;
    std::string target = "/api/v1/search?log=" + url_encode(options_.log) + "&q=" + url_encode(query_) +
                         "&limit=" + std::to_string(std::min(wanted, kPage)) + (options_.oldest ? "&order=oldest" : "") +
                         (sentences_ ? "&sentences=true" : "");
    if (!cursor_.empty()) target += "&cursor=" + url_encode(cursor_);
    STELE_ASSIGN(const auto answer, connection.http().get(target));
    if (answer.status != 200) return refusal(answer, connection.name());
    event::JsonTape tape;
    STELE_TRY(parse_json(answer.body, tape));
    const JsonValue body(tape);
    total_ = body["total"].number().value_or(0);
    cursor_ = body["next"].text();
    std::string out;
    std::uint64_t shown = 0;
    body["hits"].for_each([&](JsonValue hit) {
      ++shown;
      const std::string_view entry = hit["entry"].raw();
      const std::uint64_t index = hit["index"].number().value_or(0);
      if (sentences_) {
        out += sentence_line(index, entry, hit["sentence"].text(), style_);
      } else if (!options_.json) {
        out += entry_line(index, entry, style_);
      } else if (terminal_) {
        out += printable(entry);
      } else {
        out += entry;
      }
      out += '\n';
    });
    show(out);
    body["warnings"].for_each([&](JsonValue warning) { complain("search", warning["message"].text()); });
    if (shown == 0) cursor_.clear();
    return shown;
  }

  // What is wrong with a query is shown where it stands.
  [[nodiscard]] Error refusal(const net::ClientAnswer& answer, const std::string& name) const {
    Error error = answer_error(answer, name);
    event::JsonTape tape;
    if (!parse_json(answer.body, tape)) return error;
    const JsonValue what = JsonValue(tape)["error"];
    if (const auto at = what["at"].number(); at && *at <= query_.size()) {
      complain("search", printable(query_));
      complain("search", std::string(*at, ' ') + "^");
    }
    return error;
  }

  void put_summary(std::uint64_t shown) const {
    std::string out = counted(total_, "entry", "entries");
    if (shown < total_) out = grouped(shown) + " of " + out + "; -n shows more";
    complain("search", out);
  }

  void show(const std::string& text) {
    if (text.empty() || put(text)) return;
    closed_ = true;
    if (errno != EPIPE) unwritten_ = errno;
  }

  const Options& options_;
  bool terminal_;
  bool sentences_;  // as the server tells them
  LineStyle style_;
  std::string query_;
  std::string cursor_;
  std::uint64_t total_ = 0;
  bool closed_ = false;  // nobody reads what is shown
  int unwritten_ = 0;    // or it cannot be written, and why
};

}  // namespace

void add_search(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("search", "Show the entries that a query means.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("QUERY", options->query, "The query; words of it that the shell parted are put together. None: every entry.")
      .type_name("");
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Log to search.").show_default().type_name("NAME");
  const Option lines =
      command.add_option("-n,--lines", options->lines, "Most entries to show.").show_default().type_name("COUNT").whole_number();
  command.add_flag("--all", options->all, "Show all of them.").excludes(lines);
  command.add_flag("--oldest", options->oldest, "Begin with the oldest; else with the newest.");
  command.add_flag("--count", options->count, "Only how many there are.");
  command.add_flag("--json", options->json, "The stored bytes of each entry, one a line.");
  command.add_flag("--columns", options->columns, "On a terminal too, columns of what the event says, instead of a sentence.");
  command.add_flag("--utc", options->utc, "Times in UTC on a terminal too.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    ::signal(SIGPIPE, SIG_IGN);  // NOLINT(performance-no-int-to-ptr): whoever reads may stop
    const auto code = Search(*options).run();
    if (!code) complain("search", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace stele::cli
