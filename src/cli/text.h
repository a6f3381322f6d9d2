// Text for people, on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/printable.h"

namespace stele::cli {

// "1 entry", "12,345 entries"
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);
// "712 B", "3.4 MiB"
std::string bytes_text(std::uint64_t bytes);
// "45 s", "2 min 5 s", "3 h 12 min", "5 d 2 h"
std::string duration_text(std::uint64_t seconds);

enum class Colour : std::uint8_t { kDim, kRed, kGreen, kYellow, kBold };

// Wraps in colour, or does not.
class Palette {
 public:
  explicit Palette(bool on) : on_(on) {}
  [[nodiscard]] std::string paint(Colour colour, std::string_view text) const;

 private:
  bool on_;
};

bool is_terminal(int fd);
// Colours for a terminal, unless NO_COLOR (no-color.org) or TERM=dumb asks for none.
Palette palette_for(int fd);

// Columns as wide as their widest cell, numbers to the right; the first row is the head, dimmed. Cells are without colours.
std::string columns(const std::vector<std::vector<std::string>>& rows, const Palette& palette);

// Two columns, the first as wide as its widest cell.
std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows);

// To standard output, at once. False once nobody reads it any more.
bool put(std::string_view text);
// The same for all that a command has to say: kDone, also when nobody reads any more, or kCouldNot with a complaint.
int put_whole(std::string_view command, std::string_view text);
// "stele COMMAND: …" to standard error, as one printable line.
void complain(std::string_view command, std::string_view message);

}  // namespace stele::cli
