// stele append: events from files or standard input into a log, one JSON object a line.
#include <fmt/format.h>
#include <unistd.h>

#include "base/json_text.h"
#include "cli/append_input.h"
#include "cli/append_summary.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/delivery.h"
#include "cli/interrupt.h"
#include "cli/progress_line.h"
#include "cli/text.h"
#include "io/file.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "A line is an event, as in\n"
    "  "
    "{\"id\":\"evt_91\",\"time\":\"2026-11-23T16:19:59Z\",\"actor\":{\"type\":\"user\",\"id\":\"ada\"},\"action\":\"customer."
    "export\"}\n"
    "With an id, an event that is sent again after a lost answer is recognised; without one it may be stored twice.\n"
    "FILE.stele-progress says how far an interrupted append came: the same command again goes on there.\n"
    "A file that was appended whole is appended whole again.\n\n"
    "Examples:\n"
    "  stele append app.ndjson                            # source \"app.ndjson\"\n"
    "  tail -F app.ndjson | stele append --source billing-api\n"
    "  stele append --url http://127.0.0.1:7373 --receipts receipts.jsonl day-*.ndjson\n\n"
    "Exit code: 0 all stored, 1 lines were refused (each is named), 2 it could not be finished.";

struct Options {
  Where where;
  std::vector<std::string> files;
  std::string log = "main";
  std::string source;
  std::string receipts;
  std::uint64_t patience_seconds = 300;
  bool restart = false;
  bool json = false;
};

// The file of --receipts: one receipt a line, durable before the progress that builds on it.
class ReceiptFile {
 public:
  Status open(const std::string& path) {
    STELE_ASSIGN(file_, io::posix().open_write(path, 0644));
    STELE_ASSIGN(end_, file_->size());
    return {};
  }
  Status append(const std::vector<std::string>& receipts) {
    if (file_ == nullptr || receipts.empty()) return {};
    std::string lines;
    for (const std::string& receipt : receipts) lines += receipt + "\n";
    const ByteSpan parts[] = {as_byte_span(lines)};
    STELE_TRY(file_->write_at(end_, parts));
    end_ += lines.size();
    return file_->sync();
  }

 private:
  std::unique_ptr<io::File> file_;
  std::uint64_t end_ = 0;
};

class Append {
 public:
  explicit Append(const Options& options) : options_(options), line_(system_clock(), is_terminal(STDERR_FILENO)) {}

  int run() {
    const Status status = everything();
    line_.clear();
    if (!status) complain("append", status.error().message);
    summarise(status);
    connection_.reset();
    return !status ? kCouldNot : refused_ == 0 ? kDone : kNo;
  }

 private:
  Status everything() {
    for (const std::string& file : options_.files) {
      STELE_ASSIGN(AppendInput input, AppendInput::open(file, options_.source));
      inputs_.push_back(std::move(input));
    }
    if (!options_.receipts.empty()) STELE_TRY(receipts_.open(options_.receipts));
    STELE_ASSIGN(connection_, Connection::open(options_.where, Reach::kAppend));
    if (const std::string made = connection_->novelty(); !made.empty()) say(made);
    STELE_ASSIGN(origin_, origin_of(*connection_, options_.log));
    for (AppendInput& input : inputs_) STELE_TRY(input.begin(origin_, options_.restart));
    const std::int64_t begun = system_clock().monotonic();
    Status status;
    for (AppendInput& input : inputs_) {
      if (status.ok()) status = one(input);
    }
    seconds_ = static_cast<double>(system_clock().monotonic() - begun) / 1e9;
    // Only now, so that after an interruption the files that were done are not appended again.
    if (status.ok()) {
      for (const AppendInput& input : inputs_) input.forget_progress();
    }
    return status;
  }

  Status one(AppendInput& input) {
    if (input.progress.offset > 0) {
      say(fmt::format("{}: going on after line {} ({} stored by an earlier run)", input.name(), grouped(input.progress.line),
                      grouped(input.stored_earlier())));
    }
    if (is_terminal(input.fd())) say("reading events from the terminal, one JSON object a line; Ctrl-D ends");
    const std::uint64_t offset_begun = input.progress.offset;
    LineInput lines(read_descriptor(input.fd()), BatchLimits(), input.progress.offset, input.progress.line);
    Delivery delivery(*connection_, system_clock(), delivery_options(input));
    line_.begin();
    for (bool more = true; more;) {
      STELE_ASSIGN(const LineBatch batch, lines.next());
      more = !batch.end_of_input;
      if (!batch.lines.empty() || !batch.too_long.empty()) {
        auto outcome = delivery.send(batch);
        if (!outcome) return outcome.error().in(where_stopped(input));
        STELE_TRY(take(input, batch, *outcome));
      }
      line_.show({input.name(), batch.end_offset, size_of(input), offset_begun, input.progress.stored - input.stored_earlier()});
      if (more && stop_asked()) return Error{Code::kBusy, where_stopped(input) + ": interrupted"};
    }
    return {};
  }

  Status take(AppendInput& input, const LineBatch& batch, Outcome& outcome) {
    STELE_TRY(receipts_.append(outcome.receipts));
    for (const Refusal& refusal : outcome.refused) {
      line_.clear();
      fmt::print(stderr, "{}\n",
                 printable(fmt::format("{}:{}: {}{}{}: {}", input.name(), refusal.line, refusal.code,
                                       refusal.path.empty() ? "" : " ", refusal.path, refusal.message)));
    }
    input.progress.offset = batch.end_offset;
    input.progress.line = batch.end_line;
    input.progress.add(outcome);
    if (!progress_kept_) return {};
    if (const Status kept = input.keep_progress(); !kept) {
      say(kept.error().message + "; a next run would begin anew");
      progress_kept_ = false;
    }
    return {};
  }

  Delivery::Options delivery_options(const AppendInput& input) {
    Delivery::Options options;
    options.log = options_.log;
    options.source = input.progress.source;
    options.keep_receipts = !options_.receipts.empty();
    options.patience = {static_cast<std::int64_t>(options_.patience_seconds),
                        [this](const std::string& message) { say(message); }, &sleep_millis};
    return options;
  }

  static std::string where_stopped(const AppendInput& input) {
    const bool resumes = input.identity() && input.progress.offset > 0;
    return fmt::format("{} after line {}{}", input.name(), grouped(input.progress.line),
                       resumes ? " (the same command again goes on there)" : "");
  }
  static std::optional<std::uint64_t> size_of(const AppendInput& input) {
    return input.identity() ? std::optional(input.identity()->size) : std::nullopt;
  }

  void say(const std::string& message) {
    line_.clear();
    complain("append", message);
  }

  void summarise(const Status& status) {
    AppendSummary summary;
    summary.log = options_.log;
    summary.origin = origin_;
    for (const AppendInput& input : inputs_) summary.add(input.progress, input.stored_earlier());
    summary.seconds = seconds_;
    if (!status) summary.error = status.error().message;
    refused_ = summary.refused;
    if (options_.json)
      (void)put(summary_json(summary) + "\n");
    else if (status.ok() || summary.stored > 0)
      (void)put(summary_text(summary) + "\n");
  }

  const Options& options_;
  ProgressLine line_;
  std::vector<AppendInput> inputs_;
  std::unique_ptr<Connection> connection_;
  ReceiptFile receipts_;
  std::string origin_;
  double seconds_ = 0;
  std::uint64_t refused_ = 0;
  bool progress_kept_ = true;
};

}  // namespace

void add_append(const Command& app, int& exit_code) {
  const Command command =
      app.add_subcommand("append", "Put events into a log, from files or standard input, one JSON object a line.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("FILE", options->files, "Files of events, one a line; none, or -: standard input.").type_name("");
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Log to append to.").show_default().type_name("NAME");
  command.add_option("--source", options->source, "Source under which the events stand. Default: the file's name, or stdin.")
      .type_name("NAME");
  command.add_option("--receipts", options->receipts, "Append to this file each answer with its receipt, one a line.")
      .type_name("FILE");
  command
      .add_option("--retry-for", options->patience_seconds,
                  "Seconds to try again while the log takes nothing or no server answers.")
      .show_default()
      .type_name("SECONDS")
      .whole_number();
  command.add_flag("--restart", options->restart, "Append whole files, whatever an earlier run did of them.");
  command.add_flag("--json", options->json, "Sum up as one JSON object.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    catch_stop_signals();
    if (options->files.empty()) options->files.emplace_back("-");
    exit_code = Append(*options).run();
  });
}

}  // namespace stele::cli
