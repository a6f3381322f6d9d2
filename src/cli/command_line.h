// The command line, read by CLI11. Its headers cost five seconds of compiling in every file that sees them, so that only the
// one behind this header does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace stele::cli {

// A flag or a word of a command, as it was added; a handle. What it sets outlives the parsing.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  // What stands in the help for its value; empty: nothing.
  Option& type_name(const std::string& name);
  // The help shows the value that the variable has now, or this text.
  Option& show_default();
  Option& show_default(const std::string& text);
  Option& required();
  // Not together with `other`.
  Option& excludes(const Option& other);
  // Decimal digits only, up to 2^64-1.
  Option& whole_number();
  // One value each time it is given, so that a word too many is an error and not its value: all of them, or the last.
  Option& one_value_each();
  Option& last_value();

 private:
  CLI::Option* option_;
};

// A command; a handle.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  [[nodiscard]] Command add_subcommand(const std::string& name, const std::string& help) const;
  // It is not enough to name this one: one of its subcommands must follow.
  void require_subcommand() const;

  // A flag with a value ("-n,--lines") or a word ("FILE").
  Option add_option(const std::string& names, std::string& value, const std::string& help) const;
  Option add_option(const std::string& names, std::optional<std::string>& value, const std::string& help) const;
  Option add_option(const std::string& names, std::vector<std::string>& values, const std::string& help) const;
  Option add_option(const std::string& names, std::uint64_t& value, const std::string& help) const;
  Option add_option(const std::string& names, std::optional<std::uint64_t>& value, const std::string& help) const;
  // A flag that is there or not.
  Option add_flag(const std::string& names, bool& value, const std::string& help) const;

  // Stands below the help.
  void footer(const std::string& text) const;
  // Called when it was chosen and everything could be read.
  void callback(std::function<void()> run) const;

 private:
  CLI::App* app_;
};

class CommandLine {
 public:
  explicit CommandLine(const std::string& description);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] Command root() const;
  // Calls what was chosen, and is true; else says what is wrong, or prints the help or the version that was asked for, and gives
  // whether that was all. Lets exceptions of what it calls through.
  enum class Read { kChosen, kPrinted, kWrong };
  [[nodiscard]] Read parse(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace stele::cli
