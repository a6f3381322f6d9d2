#include "cli/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/json_text.h"
#include "cli/command.h"

namespace stele::cli {
namespace {

// One character at the front of a text: its bytes, and its code point unless they are not UTF-8 (then one byte).
struct Character {
  std::string_view bytes;
  std::uint32_t code = 0;
  bool valid = false;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::string_view bytes = text.substr(0, size);
  if (!is_utf8(bytes)) return {text.substr(0, 1), lead, false};
  constexpr unsigned char kLeadBits[] = {0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t code = lead & kLeadBits[size - 1];
  for (const char c : bytes.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return {bytes, code, true};
}

bool is_harmless(std::uint32_t code) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  constexpr Range kHarmful[] = {
      {0x00, 0x1f},       {0x7f, 0x9f},                        // C0, DEL, C1
      {0x61c, 0x61c},     {0x200b, 0x200f}, {0x2028, 0x202e},  // zero width, marks, separators, embeddings
      {0x2060, 0x206f},   {0xfeff, 0xfeff}, {0xfff9, 0xfffb},  // joiners, isolates, annotations
      {0xe0000, 0xe007f},                                      // tags
  };
  return std::none_of(std::begin(kHarmful), std::end(kHarmful),
                      [&](const Range& r) { return code >= r.first && code <= r.last; });
}

void append_escaped(std::string& out, std::uint32_t code) {
  if (code > 0xffff) {
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
  } else {
    out += fmt::format("\\u{:04x}", code);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character next = first_character(text);
    text.remove_prefix(next.bytes.size());
    if (!next.valid)
      out += fmt::format("\\x{:02x}", next.code);
    else if (is_harmless(next.code))
      out += next.bytes;
    else
      append_escaped(out, next.code);
  }
  return out;
}

std::string clipped(std::string_view text, std::size_t characters) {
  std::string_view rest = text;
  for (std::size_t i = 0; i < characters && !rest.empty(); ++i) rest.remove_prefix(first_character(rest).bytes.size());
  if (rest.empty()) return std::string(text);
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

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
