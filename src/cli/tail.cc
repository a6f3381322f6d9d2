// stele tail: the last entries of a log, and those that come.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/bytes.h"
#include "base/os_error.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/entry_line.h"
#include "cli/json.h"
#include "cli/sse.h"
#include "cli/text.h"
#include "sentence/sentences.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "A line shows index, time, source and a sentence; with --columns, and where it is not a terminal, index, time, source,\n"
    "actor, action, targets, outcome, address of origin, message.\n\n"
    "Examples:\n"
    "  stele tail -n 50\n"
    "  stele tail -f --url http://127.0.0.1:7373\n"
    "  stele tail -f 'category:authentication -outcome:success'   # what stele search knows\n"
    "  stele tail --from 0 --json > entries.ndjson        # the whole log\n\n"
    "Exit code: 0 done, 1 the log is shorter than what was seen of it, 2 it could not be read.";

struct Options {
  Where where;
  std::vector<std::string> query;
  std::string log = "main";
  std::optional<std::uint64_t> lines;
  std::optional<std::uint64_t> from;
  bool follow = false;
  bool json = false;
  bool columns = false;
  bool utc = false;
};

constexpr std::uint64_t kLinesDefault = 10;
constexpr std::uint64_t kPage = 1000;  // most of one answer

class Tail {
 public:
  explicit Tail(const Options& options) : options_(options), terminal_(is_terminal(STDOUT_FILENO)) {
    if (terminal_ && !options.json && !options.columns) sentences_.emplace();
    style_ = {palette_for(STDOUT_FILENO), terminal_ && !options.utc};
    for (const std::string& word : options.query) query_ += (query_.empty() ? "" : " ") + word;
  }

  Result<int> run() {
    STELE_TRY(show_stored());
    const Result<int> code = !options_.follow || closed_ ? Result<int>(kDone) : follow();
    if (unwritten_ != 0) return os_error("cannot write what is shown", unwritten_);
    return code;
  }

 private:
  // The entries that are there. Leaves in next_ the index that follows them.
  Status show_stored() {
    STELE_ASSIGN(const auto connection, Connection::open(options_.where, Reach::kRead));
    STELE_ASSIGN(const std::uint64_t size, log_size(*connection));
    const std::uint64_t wanted = options_.lines.value_or(options_.from ? size : kLinesDefault);
    if (!query_.empty()) return show_found(*connection, options_.lines.value_or(options_.from ? kPage : kLinesDefault), size);
    next_ = options_.from.value_or(size > wanted ? size - wanted : 0);
    if (next_ > size)
      return Error{Code::kNotFound, "the log has " + counted(size, "entry", "entries") + ", none from " + grouped(next_) + " on"};
    // When following from an index, -n does not end it.
    const std::uint64_t end = options_.follow || size - next_ < wanted ? size : next_ + wanted;
    while (next_ < end && !closed_) STELE_TRY(show_page(*connection, end));
    return {};
  }

  // The last of those that the query means, or the first from an index on.
  Status show_found(Connection& connection, std::uint64_t wanted, std::uint64_t size) {
    const std::string query = options_.from ? "(" + query_ + ") idx>=" + std::to_string(*options_.from) : query_;
    STELE_ASSIGN(
        const std::string body,
        connection.get(target("/api/v1/search") + fmt::format("&q={}&limit={}&order={}", url_encode(query),
                                                              std::min(wanted, kPage), options_.from ? "oldest" : "newest")));
    event::JsonTape tape;
    STELE_TRY(parse_json(body, tape));
    std::vector<std::pair<std::uint64_t, std::string_view>> hits;
    JsonValue(tape)["hits"].for_each(
        [&](JsonValue one) { hits.emplace_back(one["index"].number().value_or(0), one["entry"].raw()); });
    if (!options_.from) std::reverse(hits.begin(), hits.end());
    std::string out;
    for (const auto& [index, entry] : hits) append_shown(out, index, entry);
    show(out);
    const bool more = JsonValue(tape)["next"].is(event::JsonType::kString);
    next_ = options_.from && more && !hits.empty() ? hits.back().first + 1 : JsonValue(tape)["size"].number().value_or(size);
    return {};
  }

  Status show_page(Connection& connection, std::uint64_t end) {
    STELE_ASSIGN(const std::string body,
                 connection.get(target("/api/v1/events") + fmt::format("&from={}&limit={}", next_, end - next_)));
    event::JsonTape tape;
    STELE_TRY(parse_json(body, tape));
    const std::uint64_t before = next_;
    std::string out;
    JsonValue(tape)["entries"].for_each([&](JsonValue one) {
      next_ = one["index"].number().value_or(next_) + 1;
      append_shown(out, next_ - 1, one["entry"].raw());
    });
    if (next_ <= before) return Error{Code::kInternal, connection.name() + " gives no entry " + std::to_string(before)};
    show(out);
    return {};
  }

  // Until nobody reads. A server that goes is waited for.
  Result<int> follow() {
    bool said = false;
    for (;;) {
      auto connection = Connection::open(options_.where, Reach::kLive);
      Status status = connection ? stream(**connection) : Status(connection.error());
      if (closed_) return kDone;
      if (shorter_) {
        complain("tail", status.error().message);
        return kNo;
      }
      const bool passing = status.ok() || status.error().code == Code::kUnavailable || status.error().code == Code::kBusy ||
                           (!connection && status.error().code == Code::kNotFound);
      if (!passing) return status.error();
      if (got_some_) said = false;
      if (!said)
        complain("tail",
                 status.ok() ? "the server ended the stream; waiting for it" : status.error().message + "; waiting for a server");
      said = true;
      got_some_ = false;
      std::this_thread::sleep_for(std::chrono::milliseconds(250));
    }
  }

  Status stream(Connection& connection) {
    STELE_ASSIGN(const std::uint64_t size, log_size(connection));
    if (size < next_) {
      shorter_ = true;
      return corrupt("the log has " + counted(size, "entry", "entries") + " where " + grouped(next_) +
                     " were seen: it was rolled back or replaced");
    }
    SseParser parser;
    Status parsed;
    auto answer = connection.http().stream(
        target("/api/v1/stream") + "&from=" + std::to_string(next_) + "&q=" + url_encode(query_), [&](std::string_view piece) {
          std::string out;
          parsed = parser.feed(piece, [&](const ServerEvent& event) {
            const auto index = parse_decimal(event.id);
            if (!index || *index < next_) return;
            next_ = *index + 1;
            append_shown(out, *index, event.data);
          });
          got_some_ = true;
          show(out);
          return parsed.ok() && !closed_;
        });
    if (!parsed) return parsed;
    if (!answer) return answer.error();
    return answer->status == 200 ? Status() : Status(answer_error(*answer, connection.name()));
  }

  void append_shown(std::string& out, std::uint64_t index, std::string_view entry) const {
    if (sentences_)
      out += sentence_line(index, entry, sentences_->of(entry), style_);
    else if (!options_.json)
      out += entry_line(index, entry, style_);
    else if (terminal_)
      out += printable(entry);
    else
      out += entry;
    out += '\n';
  }
  void show(const std::string& text) {
    if (text.empty() || put(text)) return;
    closed_ = true;
    if (errno != EPIPE) unwritten_ = errno;
  }

  [[nodiscard]] std::string target(const std::string& path) const { return path + "?log=" + url_encode(options_.log); }

  Result<std::uint64_t> log_size(Connection& connection) const {
    STELE_ASSIGN(const std::string body, connection.get(target("/api/v1/events") + "&limit=0"));
    event::JsonTape tape;
    STELE_TRY(parse_json(body, tape));
    const auto size = JsonValue(tape)["size"].number();
    if (!size)
      return Error{Code::kInternal, connection.name() + " does not say how many entries there are; is it a Stele server?"};
    return *size;
  }

  const Options& options_;
  bool terminal_;
  std::optional<sentence::Sentences> sentences_;  // the shipped ones, where they are shown
  LineStyle style_;
  std::string query_;
  std::uint64_t next_ = 0;
  bool closed_ = false;    // nobody reads what is shown
  int unwritten_ = 0;      // or it cannot be written, and why
  bool got_some_ = false;  // since the last word about waiting
  bool shorter_ = false;
};

}  // namespace

void add_tail(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("tail", "Show the last entries of a log, and with -f those that come.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("QUERY", options->query, "Only entries that it means, as `stele search` has it.").type_name("");
  add_where_options(command, options->where);
  command.add_option("-n,--lines", options->lines, "How many entries. Default: 10, or with --from all that follow.")
      .type_name("COUNT")
      .whole_number();
  command.add_option("--from", options->from, "Index of the first entry to show.").type_name("INDEX").whole_number();
  command.add_flag("-f,--follow", options->follow,
                   "Go on with entries as they are stored, also when the server is started again.");
  command.add_option("--log", options->log, "Log to read.").show_default().type_name("NAME");
  command.add_flag("--json", options->json, "The stored bytes of each entry, one a line.");
  command.add_flag("--columns", options->columns, "On a terminal too, columns of what the event says, instead of a sentence.");
  command.add_flag("--utc", options->utc, "Times in UTC on a terminal too.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    ::signal(SIGPIPE, SIG_IGN);  // whoever reads may stop; the directory is closed in order all the same
    const auto code = Tail(*options).run();
    if (!code) complain("tail", code.error().message);
    exit_code = code ? *code : kCouldNot;
  });
}

}  // namespace stele::cli
