// Text for people: nothing that came from outside reaches a terminal as it came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stele::cli {

// `text` with what could steer or deceive a terminal written as JSON writes it (\u001b): control characters, line and
// paragraph separators, invisible and direction-changing characters (Unicode 15, Trojan Source); bytes that are not
// UTF-8 become \xNN. The rest of the grammar of a JSON text is untouched: one that was valid stays valid and equal.
std::string printable(std::string_view text);

// The first `characters` of `text` (UTF-8), with "…" where more was there.
std::string clipped(std::string_view text, std::size_t characters);

// "12,345"
std::string grouped(std::uint64_t number);
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
