// stele normalize: what the rules make of a line, and whether their samples come out.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/line_input.h"
#include "cli/text.h"
#include "collect/rules.h"
#include "collect/syslog_event.h"
#include "normalise/samples.h"
#include "normalise/shipped.h"

namespace stele::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string rules;
  std::string line;
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

// One line of syslog, as the door would take it.
std::string explain(const std::string& line, const normalise::Ruleset& rules, UnixNanos now, bool json) {
  collect::Normalised normalised;
  collect::syslog_event(collect::parse_syslog(line, now), now, rules, normalised);
  if (json) return "{\"event\":" + normalised.event + ",\"derived\":" + normalised.derived + "}\n";
  std::vector<std::pair<std::string, std::string>> rows{{"line", printable(line)}};
  for (const char* path :
       {"action", "category", "outcome", "actor", "targets", "origin", "context", "changes", "severity", "time"}) {
    if (const auto value = normalise::member_at(normalised.event, path)) rows.emplace_back(path, printable(*value));
  }
  rows.emplace_back("by", normalise::member_at(normalised.derived, "by").value_or(""));
  rows.emplace_back("concluded", normalise::member_at(normalised.derived, "fields").value_or(""));
  return two_columns(rows) + "\n";
}

int explain_command(const Options& options) {
  const auto rules = collect::load_rules(io::posix(), options.rules);
  if (!rules) {
    complain("normalize explain", rules.error().message);
    return kCouldNot;
  }
  std::string out;
  if (!options.line.empty())
    return put_whole("normalize explain", explain(options.line, *rules, system_clock().now(), options.json));
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!line.empty() && !put(explain(line, *rules, system_clock().now(), options.json))) return kDone;
  }
  return kDone;
}

}  // namespace

void add_normalize(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("normalize", "Try the rules that turn lines into events.");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();  // shared by the flags and the callbacks

  auto* test = command->add_subcommand("test", "Try the samples of normalisers: these files and the shipped ones.");
  test->add_option("file", options->files, "Normalisers; one with the name of a shipped one takes its place.");
  test->footer("Exit code 1: a sample did not come out as it says.\nExample: stele normalize test rules/*.yaml");
  test->callback([options, &exit_code] { exit_code = test_command(*options); });

  auto* tell = command->add_subcommand("explain", "Show what the rules conclude of a line of syslog, and which of them did.");
  tell->add_option("line", options->line, "The line, with its header; lines of standard input when left out.");
  tell->add_option("--rules", options->rules, "Folder of your own normalisers, as the server's key `rules`.");
  tell->add_flag("--json", options->json, "One JSON object a line.");
  tell->footer(
      "Example: stele normalize explain '<86>Nov 23 16:20:00 web-1 sshd[812]: Accepted publickey for ada from 203.0.113.9 port "
      "51122 ssh2'");
  tell->callback([options, &exit_code] { exit_code = explain_command(*options); });
}

}  // namespace stele::cli
