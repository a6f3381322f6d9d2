// stele normalize: what the rules make of a line, and whether their samples come out.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "cli/command.h"
#include "cli/import_input.h"
#include "cli/text.h"
#include "collect/record_format.h"
#include "collect/rules.h"
#include "collect/syslog_event.h"
#include "crypto/random.h"
#include "normalise/samples.h"
#include "normalise/shipped.h"
#include "records/cutter.h"

namespace stele::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string rules;
  std::string line;
  std::string format;
  bool json = false;
};

struct Outcome {
  std::size_t samples = 0;
  std::vector<std::string> failures;  // "sshd.yaml:12: sshd/accepted@1: …"
};

Result<Outcome> try_files(const Options& options) {
  std::vector<normalise::Normaliser> all;
  for (const std::string& path : options.files) {
    STELE_ASSIGN(const std::string yaml, io::read_file(io::posix(), path, normalise::kNormaliserBytesMax));
    STELE_ASSIGN(all.emplace_back(), normalise::read_normaliser(yaml, path));
  }
  for (const normalise::ShippedFile& file : normalise::shipped_files()) {
    STELE_ASSIGN(all.emplace_back(), normalise::read_normaliser(file.yaml, std::string(file.name)));
  }
  std::vector<normalise::Sample> samples;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool replaced = std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i),
                                      [&](const normalise::Normaliser& one) { return one.name == all[i].name; });
    if (!replaced) samples.insert(samples.end(), all[i].samples.begin(), all[i].samples.end());
  }
  STELE_ASSIGN(const normalise::Ruleset rules, normalise::Ruleset::make(std::move(all)));
  Outcome out;
  for (const normalise::Sample& sample : samples) {
    ++out.samples;
    for (const std::string& failure : normalise::try_sample(sample, rules).failures)
      out.failures.push_back(sample.where + ": " + sample.rule + ": " + failure);
  }
  return out;
}

int test_command(const Options& options) {
  const auto outcome = try_files(options);
  if (!outcome) {
    complain("normalize test", outcome.error().message);
    return kCouldNot;
  }
  std::string out;
  for (const std::string& failure : outcome->failures) out += printable(failure) + "\n";
  const Palette palette = palette_for(STDOUT_FILENO);
  const std::string tried = counted(outcome->samples, "sample", "samples") + " tried, ";
  out += outcome->failures.empty()
             ? tried + palette.paint(Colour::kGreen, "all came out") + "\n"
             : tried + palette.paint(Colour::kRed, counted(outcome->failures.size(), "failure", "failures")) + "\n";
  const int printed = put_whole("normalize test", out);
  return printed != kDone ? printed : outcome->failures.empty() ? kDone : kNo;
}

// What came, and what the rules made of it.
std::string shown(std::string_view name, std::string_view text, std::string_view event, std::string_view derived, bool json) {
  if (json) return "{\"event\":" + std::string(event) + ",\"derived\":" + std::string(derived) + "}\n";
  std::vector<std::pair<std::string, std::string>> rows{{std::string(name), printable(text)}};
  for (const char* path :
       {"action", "category", "outcome", "actor", "targets", "origin", "context", "changes", "severity", "time"}) {
    if (const auto value = normalise::member_at(event, path)) rows.emplace_back(path, printable(*value));
  }
  rows.emplace_back("by", normalise::member_at(derived, "by").value_or(""));
  rows.emplace_back("concluded", normalise::member_at(derived, "fields").value_or(""));
  return two_columns(rows) + "\n";
}

// One line of syslog, as the door would take it.
std::string explain_line(const std::string& line, const normalise::Ruleset& rules, bool json) {
  const UnixNanos now = system_clock().now();
  collect::Normalised normalised;
  collect::syslog_event(collect::parse_syslog(line, now), now, rules, normalised);
  return shown("line", line, normalised.event, normalised.derived, json);
}

// One record of docs/formats/records.md, as the records door would take it.
class RecordExplainer {
 public:
  RecordExplainer(const collect::RecordFormat& format, const normalise::Ruleset& rules, bool json)
      : format_(format), keeper_({}, crypto::system_random()), understanding_{rules, keeper_}, json_(json) {}

  Result<std::string> explain(std::string_view record) {
    collect::DoorBatch batch({"explain", "records", "", ""}, understanding_, system_clock().now());
    format_.add(record, batch);
    const event::EntryBatch entries = std::move(batch).take();
    std::string out;
    for (std::size_t i = 0; i < entries.count(); ++i) {
      STELE_ASSIGN(const event::EntryView entry, event::read_entry(entries.entry(i)));
      out += shown("record", record, entry.event, entry.derived.empty() ? "{}" : entry.derived, json_);
    }
    return out;
  }

 private:
  const collect::RecordFormat& format_;
  apart::Keeper keeper_;
  collect::Understanding understanding_;
  bool json_;
};

Status explain_records(const Options& options, const normalise::Ruleset& rules) {
  const collect::RecordFormat* format = collect::find_record_format(options.format);
  const auto cutter = records::make_cutter(options.format);
  if (format == nullptr || cutter == nullptr) {
    return invalid("there is no format \"" + options.format + "\"; `stele import --help` lists them");
  }
  RecordExplainer explainer(*format, rules, options.json);
  std::vector<records::Record> cut;
  // False: nobody reads any more.
  const auto print = [&]() -> Result<bool> {
    for (const records::Record& record : cut) {
      STELE_ASSIGN(const std::string text, explainer.explain(record.bytes));
      if (!put(text)) return false;
    }
    cut.clear();
    return true;
  };
  if (!options.line.empty()) {
    cutter->feed(options.line, 0, cut);
  } else {
    STELE_ASSIGN(ImportInput input, ImportInput::open("-"));
    while (true) {
      auto bytes = input.next();
      if (!bytes && bytes.error().code == Code::kBusy) continue;
      if (!bytes) return bytes.error();
      if (bytes->empty()) break;
      cutter->feed(*bytes, 0, cut);
      STELE_ASSIGN(const bool goes_on, print());
      if (!goes_on) return {};
    }
  }
  cutter->end(cut);
  STELE_TRY(print());
  return {};
}

Status explain(const Options& options) {
  STELE_ASSIGN(const normalise::Ruleset rules, collect::load_rules(io::posix(), options.rules));
  if (!options.format.empty()) return explain_records(options, rules);
  std::string line = options.line;
  do {
    if (!line.empty() && !put(explain_line(line, rules, options.json))) break;
  } while (options.line.empty() && std::getline(std::cin, line));
  return {};
}

int explain_command(const Options& options) {
  const Status done = explain(options);
  if (done) return kDone;
  complain("normalize explain", done.error().message);
  return kCouldNot;
}

}  // namespace

void add_normalize(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("normalize", "Try the rules that turn lines into events.");
  command.require_subcommand();
  auto options = std::make_shared<Options>();  // shared by the flags and the callbacks

  const Command test = command.add_subcommand("test", "Try the samples of normalisers: these files and the shipped ones.");
  test.add_option("file", options->files, "Normalisers; one with the name of a shipped one takes its place.");
  test.footer("Exit code 1: a sample did not come out as it says.\nExample: stele normalize test rules/*.yaml");
  test.callback([options, &exit_code] { exit_code = test_command(*options); });

  const Command tell =
      command.add_subcommand("explain", "Show what the rules conclude of lines or records, and which of them did.");
  tell.add_option("line", options->line, "The line of syslog with its header, or the record; standard input when left out.");
  tell.add_option("--format", options->format, "What stands there instead of lines of syslog: a format of `stele import`.");
  tell.add_option("--rules", options->rules, "Folder of your own normalisers, as the server's key `rules`.");
  tell.add_flag("--json", options->json, "One JSON object a line.");
  tell.footer(
      "Example: stele normalize explain '<86>Nov 23 16:20:00 web-1 sshd[812]: Accepted publickey for ada from 203.0.113.9 port "
      "51122 ssh2'\n"
      "         stele normalize explain --format auditd </var/log/audit/audit.log");
  tell.callback([options, &exit_code] { exit_code = explain_command(*options); });
}

}  // namespace stele::cli
