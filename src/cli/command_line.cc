#include "cli/command_line.h"

#include <CLI/CLI.hpp>

#include "base/bytes.h"

namespace stele::cli {
namespace {

// One line, and where to read on: a page of help would push it off the screen.
std::string what_is_wrong(const CLI::App* app, const CLI::Error& error) {
  const auto chosen = app->get_subcommands();
  const std::string command = chosen.empty() ? "stele" : "stele " + chosen.front()->get_name();
  const auto words = app->remaining();
  if (chosen.empty() && words.empty()) return app->help();
  const bool no_command = chosen.empty();
  return command + ": " + (no_command ? "there is no command \"" + words.front() + "\"" : error.what()) + "\n`" + command +
         " --help` says what there is.\n";
}

std::string not_a_whole_number(const std::string& text) {
  return parse_decimal(text) ? std::string() : "a whole number is expected, not \"" + text + "\"";
}

}  // namespace

Option& Option::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Option& Option::show_default() {
  option_->capture_default_str();
  return *this;
}

Option& Option::show_default(const std::string& text) {
  option_->default_str(text);
  return *this;
}

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Option& Option::whole_number() {
  option_->check(CLI::Validator(&not_a_whole_number, ""));
  return *this;
}

Option& Option::one_value_each() {
  option_->expected(1)->take_all()->allow_extra_args(false);
  return *this;
}

Option& Option::last_value() {
  option_->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->allow_extra_args(false);
  return *this;
}

Command Command::add_subcommand(const std::string& name, const std::string& help) const {
  return Command(app_->add_subcommand(name, help));
}

void Command::require_subcommand() const { app_->require_subcommand(1); }

Option Command::add_option(const std::string& names, std::string& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::optional<std::string>& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::vector<std::string>& values, const std::string& help) const {
  return Option(app_->add_option(names, values, help));
}

Option Command::add_option(const std::string& names, std::uint64_t& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::optional<std::uint64_t>& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_flag(const std::string& names, bool& value, const std::string& help) const {
  return Option(app_->add_flag(names, value, help));
}

void Command::footer(const std::string& text) const { app_->footer(text); }

void Command::callback(std::function<void()> run) const { app_->callback(std::move(run)); }

CommandLine::CommandLine(const std::string& description) : app_(std::make_unique<CLI::App>(description, "stele")) {
  app_->require_subcommand(1);
  app_->failure_message(&what_is_wrong);
  app_->set_version_flag("--version", "stele " STELE_VERSION);
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() const { return Command(app_.get()); }

CommandLine::Read CommandLine::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? Read::kPrinted : Read::kWrong;
  }
  return Read::kChosen;
}

}  // namespace stele::cli
