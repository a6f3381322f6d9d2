#include "options.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace stele::bench {

void give_up(std::string_view message) {
  std::fprintf(stderr, "bench_load: %.*s\n", static_cast<int>(message.size()), message.data());
  std::exit(2);
}

void give_up_errno(std::string_view message) {
  const int number = errno;
  give_up(std::string(message) + ": " + std::generic_category().message(number));
}

Options::Options(std::span<char*> words, const std::set<std::string_view>& flags) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("--")) give_up("expected an option, found: " + std::string(word));
    const std::string_view name = word.substr(2);
    if (flags.contains(name)) {
      values_[name] = "";
      continue;
    }
    if (i + 1 == words.size()) give_up("no value behind " + std::string(word));
    values_[name] = words[++i];
  }
}

bool Options::flag(std::string_view name) {
  asked_.insert(name);
  return values_.contains(name);
}

std::string Options::text(std::string_view name, std::string_view fallback) {
  asked_.insert(name);
  const auto found = values_.find(name);
  return std::string(found == values_.end() ? fallback : found->second);
}

std::string Options::required(std::string_view name) {
  if (!values_.contains(name)) give_up("--" + std::string(name) + " is required");
  return text(name, "");
}

std::uint64_t Options::count(std::string_view name, std::uint64_t fallback) {
  const std::string word = text(name, "");
  if (word.empty()) return fallback;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) give_up("--" + std::string(name) + " wants a whole number");
  return value;
}

double Options::real(std::string_view name, double fallback) {
  const std::string word = text(name, "");
  if (word.empty()) return fallback;
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) give_up("--" + std::string(name) + " wants a number");
  return value;
}

void Options::finish() const {
  for (const auto& [name, value] : values_) {
    if (!asked_.contains(name)) give_up("unknown option --" + std::string(name));
  }
}

}  // namespace stele::bench
