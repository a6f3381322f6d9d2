// Command line of the load generator: `--name value` pairs and bare `--flag`s.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace stele::bench {

// Prints "bench_load: <message>" on standard error and ends the process with code 2: the measurement could not be made.
[[noreturn]] void give_up(std::string_view message);

// The same, with the text of the current `errno` behind the message.
[[noreturn]] void give_up_errno(std::string_view message);

// Parsed once, then only asked. Every option that is never asked for is an error at `finish`, so that a misspelt one
// cannot silently change what is measured. Gives up on what cannot be parsed.
class Options {
 public:
  // `words` are the arguments behind the subcommand and outlive the object; `flags` take no value.
  Options(std::span<char*> words, const std::set<std::string_view>& flags);

  [[nodiscard]] bool flag(std::string_view name);
  [[nodiscard]] std::string text(std::string_view name, std::string_view fallback);
  [[nodiscard]] std::string required(std::string_view name);
  [[nodiscard]] std::uint64_t count(std::string_view name, std::uint64_t fallback);
  [[nodiscard]] double real(std::string_view name, double fallback);

  // Gives up if an option was passed that nobody asked for.
  void finish() const;

 private:
  std::map<std::string_view, std::string_view> values_;
  std::set<std::string_view> asked_;
};

}  // namespace stele::bench
