// stele import: log files into a log, whatever they hold.
#include <fmt/format.h>
#include <unistd.h>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/format_guess.h"
#include "cli/import_input.h"
#include "cli/import_memory.h"
#include "cli/interrupt.h"
#include "cli/progress_line.h"
#include "cli/record_delivery.h"
#include "cli/text.h"
#include "collect/record_format.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "Without --format it is guessed of each file's first lines, and said. There are:\n"
    "  line           lines; those of a syslog file are read as such\n"
    "  access-log     nginx and Apache, common and combined\n"
    "  auditd         /var/log/audit/audit.log, raw or enriched\n"
    "  postgres-csv, postgres-json   log_destination = csvlog, jsonlog\n"
    "  cloudtrail, k8s-audit, ocsf, github, json   documents, one a line, in an array, or in the list that they are shipped in\n"
    "  event          events as `stele append` takes them\n"
    "gzip and zstd are unpacked on the way. What cannot be understood is kept as quarantined, never dropped.\n\n"
    "A file may be imported again: FILE.stele-import says how far it came, so that only what is new is sent, after an\n"
    "interruption too. Without it each record still has an id made of all that stands before it, by which the server knows\n"
    "those that it got lately.\n\n"
    "Examples:\n"
    "  stele import /var/log/auth.log /var/log/auth.log.*.gz --source auth   # rotated files under one name\n"
    "  stele import --source aws --format cloudtrail *.json.gz\n"
    "  journalctl -o short-iso -u nginx | stele import --format line --source nginx -\n\n"
    "Exit code: 0 all understood, 1 some are quarantined, 2 it could not be finished.";

constexpr std::string_view kMemorySuffix = ".stele-import";
constexpr std::size_t kHeadBytes = 64U << 10;  // that a guess is made of
constexpr std::size_t kBatchRecords = 1'000;
constexpr std::size_t kBatchBytes = 4U << 20;

struct Options {
  Where where;
  std::vector<std::string> files;
  std::string log = "main";
  std::string source;
  std::string format;
  std::string host;
  std::uint64_t patience_seconds = 300;
  bool restart = false;
  bool json = false;
};

// What became of one file, in this run but for `earlier`.
struct FileResult {
  std::string name;
  std::string source;
  std::string format;
  std::uint64_t read = 0;     // records
  std::uint64_t earlier = 0;  // of them, sent by an earlier run
  RecordCounts counts;
};

// The file's name without its folder and what packed it.
std::string default_source(const std::string& path) {
  std::string name = path == "-" ? "stdin" : path.substr(path.rfind('/') + 1);
  for (const std::string_view suffix : {".gz", ".zst"}) {
    if (name.ends_with(suffix)) name.erase(name.size() - suffix.size());
  }
  return name;
}

class Import {
 public:
  explicit Import(const Options& options) : options_(options), line_(system_clock(), is_terminal(STDERR_FILENO)) {}

  int run() {
    const std::int64_t begun = system_clock().monotonic();
    const Status status = everything();
    seconds_ = static_cast<double>(system_clock().monotonic() - begun) / 1e9;
    line_.clear();
    if (!status) complain("import", status.error().message);
    std::uint64_t quarantined = 0;
    for (const FileResult& one : results_) quarantined += one.counts.quarantined;
    (void)put(options_.json ? summary_json(status) : summary_text());
    connection_.reset();
    return !status ? kCouldNot : quarantined == 0 ? kDone : kNo;
  }

 private:
  Status everything() {
    if (!options_.format.empty() &&
        (records::make_cutter(options_.format) == nullptr || collect::find_record_format(options_.format) == nullptr))
      return invalid("there is no format \"" + options_.format + "\"; `stele import --help` lists them");
    std::vector<ImportInput> inputs;  // before anything is sent, so that a name that is wrong shows at once
    std::vector<std::string> names;
    for (const std::string& file : options_.files) {
      if (file.ends_with(kMemorySuffix)) continue;  // of "*"
      STELE_ASSIGN(ImportInput input, ImportInput::open(file));
      inputs.push_back(std::move(input));
      names.push_back(file);
    }
    STELE_ASSIGN(connection_, Connection::open(options_.where, Reach::kAppend));
    if (const std::string made = connection_->novelty(); !made.empty()) say(made);
    STELE_ASSIGN(origin_, origin_of(*connection_, options_.log));
    for (std::size_t i = 0; i < inputs.size(); ++i) STELE_TRY(one(names[i], inputs[i]));
    return {};
  }

  Status one(const std::string& name, ImportInput& input) {
    FileResult& result = results_.emplace_back();
    result.name = name == "-" ? "stdin" : name;
    result.source = options_.source.empty() ? default_source(name) : options_.source;
    if (constexpr std::size_t kSourceBytesMax = 128;
        result.source.empty() || result.source.size() > kSourceBytesMax || !is_utf8(result.source))
      return invalid("the source \"" + result.source + "\" is no name of 1 to 128 bytes of UTF-8: give one with --source");
    std::string head;
    STELE_TRY(read_head(input, head));
    choose_format(head, result);
    STELE_ASSIGN(ImportMemory memory, ImportMemory::open(input.is_file() ? name + std::string(kMemorySuffix) : ""));
    Imported imported = memory.find({origin_, result.source, result.format, 0, "", 0, "", 0, 0, 0});
    if (options_.restart) imported = {origin_, result.source, result.format, 0, "", 0, "", 0, 0, 0};
    if (imported.records > 0) {
      STELE_ASSIGN(const std::uint64_t still, still_there(imported, input));
      if (still == 0) say(result.name + ": it begins otherwise than when it was imported; it is imported anew");
      if (still < imported.records) imported.records = still;
      STELE_TRY(input.rewind());
      head.clear();
    }
    result.earlier = imported.records;
    if (result.earlier > 0) say(fmt::format("{}: going on after record {}", result.name, grouped(result.earlier)));
    if (const Status status = send_all(input, head, memory, imported, result); !status)
      return status.error().in(fmt::format("{} after record {}{}", result.name, grouped(result.earlier + sent_),
                                           input.is_file() ? " (the same command again goes on there)" : ""));
    return {};
  }

  static Status read_head(ImportInput& input, std::string& head) {
    while (head.size() < kHeadBytes) {
      auto bytes = input.next();
      if (!bytes && bytes.error().code == Code::kBusy) {
        if (!head.empty()) return {};  // a slow pipe: what is there must do
        if (stop_asked()) return Error{Code::kBusy, "interrupted"};
        continue;
      }
      if (!bytes && head.empty()) return bytes.error();
      if (!bytes || bytes->empty()) return {};
      head += *bytes;
    }
    return {};
  }

  void choose_format(std::string_view head, FileResult& result) {
    result.format = options_.format;
    if (!result.format.empty()) return;
    FormatGuess guess = guess_format(result.name, head);
    if (collect::find_record_format(guess.format) == nullptr) guess = {"line", "nothing else fits"};
    say(fmt::format("{}: taken for {} ({}); --format says otherwise", result.name, guess.format, guess.why));
    result.format = guess.format;
  }

  // How many records at its start are those that were imported: all of them, or all but those that its end had ended, or none.
  Result<std::uint64_t> still_there(const Imported& imported, ImportInput& input) {
    STELE_TRY(input.rewind());
    RecordChain chain(imported.format);
    std::uint64_t count = 0;
    std::uint64_t still = 0;
    const auto is = [&](const std::string& digest) { return hex_encode(as_byte_span(chain.digest())) == digest; };
    std::vector<records::Record> cut;
    const auto cutter = records::make_cutter(imported.format);
    for (bool more = true; more && count < imported.records;) {
      auto bytes = input.next();
      if (!bytes && bytes.error().code == Code::kBusy) continue;
      more = bytes && !bytes->empty();
      if (more)
        cutter->feed(*bytes, 0, cut);
      else
        cutter->end(cut);
      for (const records::Record& record : cut) {
        if (count == imported.records) break;
        chain.add(record);
        ++count;
        if (count == imported.settled && is(imported.settled_digest)) still = count;
        if (count == imported.records && is(imported.digest)) still = count;
      }
      cut.clear();
    }
    return still;
  }

  Status send_all(ImportInput& input, std::string bytes, ImportMemory& memory, Imported& imported, FileResult& result) {
    RecordDelivery delivery(*connection_, system_clock(), delivery_options(result));
    RecordChain chain(result.format);
    const auto cutter = records::make_cutter(result.format);
    std::vector<records::Record> cut;
    Batch batch;
    sent_ = 0;
    line_.begin();
    std::optional<Error> failure;
    for (bool ended = false; !ended;) {
      if (bytes.empty()) {
        auto next = input.next();
        const bool paused = !next && next.error().code == Code::kBusy;
        if (stop_asked()) return Error{Code::kBusy, "interrupted"};
        if (paused) {
          STELE_TRY(flush(batch, delivery, memory, imported, result));
          continue;
        }
        if (!next) failure = next.error();
        ended = !next || next->empty();
        if (!ended) bytes = std::move(*next);
      }
      if (ended)
        cutter->end(cut);
      else
        cutter->feed(bytes, 0, cut);
      bytes.clear();
      for (records::Record& record : cut) {
        chain.add(record);
        ++result.read;
        if (result.read > result.earlier) batch.add(std::move(record), chain);
        batch.note(chain, result.read, ended);
        if (batch.is_full()) STELE_TRY(flush(batch, delivery, memory, imported, result));
        if (stop_asked()) return Error{Code::kBusy, "interrupted"};
      }
      cut.clear();
      line_.show({result.name, input.read(), input.size(), 0, sent_});
    }
    STELE_TRY(flush(batch, delivery, memory, imported, result));
    return failure ? Status(*failure) : Status();
  }

  // Records on their way, and where the file is after them.
  struct Batch {
    std::vector<NamedRecord> records;
    std::size_t bytes = 0;
    std::uint64_t count = 0;    // records of the file up to its end
    std::uint64_t settled = 0;  // but for those that the file's end ended

    void add(records::Record&& record, const RecordChain& chain) {
      bytes += record.bytes.size();
      records.push_back({std::move(record), chain.id()});
    }
    void note(const RecordChain& chain, std::uint64_t read, bool at_end) {
      last_ = chain.digest();
      count = read;
      if (at_end) return;
      settled_ = chain.digest();
      settled = read;
    }
    [[nodiscard]] bool is_full() const { return records.size() >= kBatchRecords || bytes >= kBatchBytes; }
    // Writes down where it ends.
    void fill(Imported& imported) const {
      imported.records = count;
      imported.digest = hex_encode(as_byte_span(last_));
      imported.settled = settled;
      imported.settled_digest = hex_encode(as_byte_span(settled_));
    }

   private:
    Hash last_{};
    Hash settled_{};
  };

  Status flush(Batch& batch, RecordDelivery& delivery, ImportMemory& memory, Imported& imported, FileResult& result) {
    if (batch.records.empty()) return {};
    STELE_ASSIGN(const RecordCounts counts, delivery.send(batch.records));
    sent_ += batch.records.size();
    result.counts.stored += counts.stored;
    result.counts.repeated += counts.repeated;
    result.counts.quarantined += counts.quarantined;
    imported.stored += counts.stored;
    imported.repeated += counts.repeated;
    imported.quarantined += counts.quarantined;
    batch.fill(imported);
    batch.records.clear();
    batch.bytes = 0;
    if (!memory_kept_) return {};
    if (const Status kept = memory.keep(imported); !kept) {
      say(kept.error().message + "; a next run would begin anew");
      memory_kept_ = false;
    }
    return {};
  }

  RecordDelivery::Options delivery_options(const FileResult& result) {
    RecordDelivery::Options options;
    options.log = options_.log;
    options.source = result.source;
    options.format = result.format;
    options.stream = result.name;
    options.host = options_.host;
    options.patience = {static_cast<std::int64_t>(options_.patience_seconds),
                        [this](const std::string& message) { say(message); }, &sleep_millis};
    return options;
  }

  void say(const std::string& message) {
    line_.clear();
    complain("import", message);
  }

  static std::string counts_text(const FileResult& one) {
    std::string out = fmt::format("read {}: stored {}", counted(one.read, "record", "records"),
                                  grouped(one.counts.stored - one.counts.repeated));
    if (one.earlier > 0) out += fmt::format(", imported before {}", grouped(std::min(one.earlier, one.read)));
    if (one.counts.repeated > 0) out += fmt::format(", there already {}", grouped(one.counts.repeated));
    return out + (one.counts.quarantined == 0 ? "; none quarantined" : "; quarantined " + grouped(one.counts.quarantined));
  }

  [[nodiscard]] std::string summary_text() const {
    std::string out;
    FileResult all;
    for (const FileResult& one : results_) {
      out += printable(one.name) + ": " + counts_text(one) + "\n";
      all.read += one.read;
      all.earlier += std::min(one.earlier, one.read);
      all.counts.stored += one.counts.stored;
      all.counts.repeated += one.counts.repeated;
      all.counts.quarantined += one.counts.quarantined;
    }
    if (results_.size() > 1) out += "together: " + counts_text(all) + "\n";
    return out;
  }

  [[nodiscard]] std::string summary_json(const Status& status) const {
    std::string out = "{\"log\":";
    append_json_bytes(out, options_.log);
    out += ",\"origin\":";
    append_json_bytes(out, origin_);
    out += ",\"files\":[";
    for (const FileResult& one : results_) {
      if (out.back() == '}') out += ",";
      out += "{\"name\":";
      append_json_bytes(out, one.name);
      out += ",\"source\":";
      append_json_bytes(out, one.source);
      out += ",\"format\":";
      append_json_bytes(out, one.format);
      out += fmt::format(R"(,"read":{},"earlier":{},"stored":{},"repeated":{},"quarantined":{}}})", one.read, one.earlier,
                         one.counts.stored, one.counts.repeated, one.counts.quarantined);
    }
    out += fmt::format(R"(],"seconds":{:.3f})", seconds_);
    if (!status) {
      out += ",\"error\":";
      append_json_bytes(out, status.error().message);
    }
    return out + "}\n";
  }

  const Options& options_;
  ProgressLine line_;
  std::unique_ptr<Connection> connection_;
  std::string origin_;
  std::vector<FileResult> results_;
  std::uint64_t sent_ = 0;  // of the file at hand
  double seconds_ = 0;
  bool memory_kept_ = true;
};

}  // namespace

void add_import(const Command& app, int& exit_code) {
  const Command command =
      app.add_subcommand("import", "Put log files into a log: syslog, access logs, auditd, PostgreSQL, JSON documents.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("FILE", options->files, "Files, plain, gzip or zstd; none, or -: standard input.").type_name("");
  command.add_option("--format", options->format, "What they hold; guessed when left out.").type_name("FORMAT");
  command.add_option("--source", options->source, "Source under which their events stand. Default: the file's name, or stdin.")
      .type_name("NAME");
  command.add_option("--host", options->host, "Machine that they are of, where they do not say it themselves.").type_name("NAME");
  add_where_options(command, options->where);
  command.add_option("--log", options->log, "Log to import into.").show_default().type_name("NAME");
  command
      .add_option("--retry-for", options->patience_seconds,
                  "Seconds to try again while the log takes nothing or no server answers.")
      .show_default()
      .type_name("SECONDS")
      .whole_number();
  command.add_flag("--restart", options->restart, "Send whole files, whatever an earlier run did of them.");
  command.add_flag("--json", options->json, "Sum up as one JSON object.");
  command.footer(kExamples);
  command.callback([options, &exit_code] {
    catch_stop_signals();
    if (options->files.empty()) options->files.emplace_back("-");
    exit_code = Import(*options).run();
  });
}

}  // namespace stele::cli
