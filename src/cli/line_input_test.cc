// Goal: lines come in order, counted as in the file, in batches within the limits, however the input is cut.
#include "cli/line_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace stele::cli {
namespace {

// Gives `text` in pieces of `piece` bytes; a pause after each if so asked.
LineInput::Read reader(std::string text, std::size_t piece, bool pauses = false) {
  return [text = std::move(text), piece, pauses, at = std::size_t{0},
          pause = true](std::span<char> out) mutable -> Result<std::optional<std::size_t>> {
    pause = pauses && !pause;
    if (pause) return std::optional<std::size_t>();
    const std::size_t n = std::min({piece, out.size(), text.size() - at});
    std::memcpy(out.data(), text.data() + at, n);
    at += n;
    return std::optional(n);
  };
}

struct Line {
  std::uint64_t number;
  std::string text;
  bool operator==(const Line&) const = default;
};

// Everything that comes, checking what each batch promises.
std::vector<Line> read_all(LineInput& input, const BatchLimits& limits, std::uint64_t bytes) {
  std::vector<Line> lines;
  for (;;) {
    const auto batch = input.next();
    EXPECT_TRUE(batch);
    EXPECT_LE(batch->lines.size(), limits.lines_max);
    EXPECT_TRUE(batch->text.size() <= limits.bytes_max || batch->lines.size() == 1);
    for (std::size_t i = 0; i < batch->lines.size(); ++i) {
      std::string text(batch->part(i, 1));
      EXPECT_EQ(text.back(), '\n');
      text.pop_back();
      lines.push_back({batch->lines[i].number, text});
    }
    for (const LongLine& line : batch->too_long) lines.push_back({line.number, "long " + std::to_string(line.bytes)});
    if (!batch->end_of_input) continue;
    EXPECT_EQ(batch->end_offset, bytes);
    return lines;
  }
}

TEST(LineInput, reads_lines_cut_at_any_byte) {
  const std::string text = "\xef\xbb\xbfone\n\n  two \r\n \t\n{\"three\":3}\nfour";
  const std::vector<Line> expected{{1, "one"}, {3, "two"}, {5, "{\"three\":3}"}, {6, "four"}};
  for (const bool pauses : {false, true}) {
    for (const std::size_t lines_max : {1U, 2U, 3U, 100U}) {
      for (const std::size_t bytes_max : {1U, 8U, 1000U}) {
        for (std::size_t piece = 1; piece <= text.size(); ++piece) {
          const BatchLimits limits{lines_max, bytes_max, 1000};
          LineInput input(reader(text, piece, pauses), limits);
          EXPECT_EQ(read_all(input, limits, text.size()), expected) << piece << " " << lines_max << " " << bytes_max;
        }
      }
    }
  }
}

TEST(LineInput, goes_on_from_any_batch) {
  std::string text;
  for (int i = 1; i <= 50; ++i) text += "line " + std::to_string(i) + (i % 7 == 0 ? "\n\n" : "\n");
  const BatchLimits limits{3, 100, 1000};
  LineInput whole(reader(text, 11), limits);
  const auto expected = read_all(whole, limits, text.size());
  LineInput first(reader(text, 11), limits);
  std::vector<Line> lines;
  for (;;) {
    const auto batch = first.next();
    ASSERT_TRUE(batch);
    for (std::size_t i = 0; i < batch->lines.size(); ++i) {
      const auto part = batch->part(i, 1);
      lines.push_back({batch->lines[i].number, std::string(part.substr(0, part.size() - 1))});
    }
    LineInput rest(reader(text.substr(batch->end_offset), 5), limits, batch->end_offset, batch->end_line);
    auto all = lines;
    for (const Line& line : read_all(rest, limits, text.size())) all.push_back(line);
    EXPECT_EQ(all, expected);
    if (batch->end_of_input) break;
  }
}

TEST(LineInput, hands_on_whole_lines_when_the_input_pauses) {
  LineInput input(reader("a\nb\nc", 3, true), BatchLimits());
  auto batch = input.next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->text, "a\n");
  EXPECT_EQ(batch->end_offset, 2U);
  batch = input.next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->text, "b\n");
  EXPECT_FALSE(batch->end_of_input);
}

TEST(LineInput, names_lines_that_are_too_long_without_holding_them) {
  const std::string text = "a\n" + std::string(5000, 'x') + "\nb\n" + std::string(3000, 'y');
  const std::vector<Line> expected{{1, "a"}, {2, "long 5000"}, {3, "b"}, {4, "long 3000"}};
  for (const std::size_t piece : {1U, 7U, 64U, 10'000U}) {
    const BatchLimits limits{1, 50, 100};
    LineInput input(reader(text, piece), limits);
    EXPECT_EQ(read_all(input, limits, text.size()), expected) << piece;
  }
}

TEST(LineInput, an_empty_input_ends_at_once) {
  LineInput input(reader("", 1), BatchLimits());
  const auto batch = input.next();
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->end_of_input);
  EXPECT_TRUE(batch->lines.empty());
}

TEST(LineBatch, parts_are_whole_lines) {
  LineInput input(reader("a\nbb\nccc\n", 100), BatchLimits());
  const auto batch = input.next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->part(0, 1), "a\n");
  EXPECT_EQ(batch->part(1, 2), "bb\nccc\n");
  EXPECT_EQ(batch->part(0, 3), batch->text);
  EXPECT_EQ(batch->part(2, 5), "ccc\n");
}

}  // namespace
}  // namespace stele::cli
