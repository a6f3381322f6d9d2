#include "cli/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/command.h"

namespace stele::cli {

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return grouped(number) + " " + std::string(number == 1 ? one : many);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string duration_text(std::uint64_t seconds) {
  constexpr std::uint64_t kMinute = 60;
  constexpr std::uint64_t kHour = 60 * kMinute;
  constexpr std::uint64_t kDay = 24 * kHour;
  if (seconds < kMinute) return fmt::format("{} s", seconds);
  if (seconds < kHour) return fmt::format("{} min {} s", seconds / kMinute, seconds % kMinute);
  if (seconds < kDay) return fmt::format("{} h {} min", seconds / kHour, seconds % kHour / kMinute);
  return fmt::format("{} d {} h", seconds / kDay, seconds % kDay / kHour);
}

std::string Palette::paint(Colour colour, std::string_view text) const {
  if (!on_) return std::string(text);
  constexpr const char* kCodes[] = {"2", "31", "32", "33", "1"};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(colour)], text);
}

bool is_terminal(int fd) { return ::isatty(fd) != 0; }

Palette palette_for(int fd) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  return Palette(is_terminal(fd) && variable("NO_COLOR").empty() && variable("TERM") != "dumb");
}

std::string columns(const std::vector<std::vector<std::string>>& rows, const Palette& palette) {
  const auto characters = [](std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  };
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789,-") == std::string_view::npos;
  };
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    widths.resize(std::max(widths.size(), rows[i].size()));
    right.resize(widths.size(), true);
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      widths[j] = std::max(widths[j], characters(rows[i][j]));
      if (i > 0 && !is_number(rows[i][j])) right[j] = false;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      const std::string space(widths[j] - characters(rows[i][j]), ' ');
      line += right[j] ? space + rows[i][j] : rows[i][j] + (j + 1 < rows[i].size() ? space : "");
      if (j + 1 < rows[i].size()) line += "  ";
    }
    out += (i == 0 ? palette.paint(Colour::kDim, line) : line) + "\n";
  }
  return out;
}

std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.first.size());
  std::string out;
  for (const auto& [label, value] : rows) out += fmt::format("{:<{}}  {}\n", label, width, value);
  return out;
}

bool put(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int put_whole(std::string_view command, std::string_view text) {
  if (put(text) || errno == EPIPE) return kDone;
  complain(command, std::string("cannot write to standard output: ") + std::strerror(errno));
  return kCouldNot;
}

void complain(std::string_view command, std::string_view message) {
  fmt::print(stderr, "stele {}: {}\n", command, printable(message));
}

}  // namespace stele::cli
