// The framings of RFC 6587, mixed, broken and oversized, each fed at every split point.
#include "collect/syslog_framer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace stele::collect {
namespace {

using namespace std::literals;
using Shown = std::vector<std::string>;

constexpr std::size_t kMessageMax = 16;
constexpr std::size_t kHeadMax = 6;

std::string show(const SyslogFrame& frame) {
  constexpr std::string_view kNames[] = {"message", "oversized", "bad", "unterminated"};
  return std::string(kNames[static_cast<std::size_t>(frame.kind)]) + " " + std::to_string(frame.length) + " " +
         std::string(frame.text);
}

void pull(SyslogFramer& framer, Shown& out) {
  std::vector<SyslogFrame> frames;  // shown only when all are pulled: their texts must still be valid then
  while (const auto frame = framer.next()) frames.push_back(*frame);
  for (const SyslogFrame& frame : frames) out.push_back(show(frame));
}

Shown frames_of(SyslogFramer& framer, const std::vector<std::string_view>& pushes) {
  Shown out;
  for (const std::string_view bytes : pushes) {
    framer.push(std::string(bytes));  // a copy that is gone afterwards
    pull(framer, out);
  }
  if (const auto last = framer.flush()) out.push_back(show(*last));
  EXPECT_FALSE(framer.next().has_value());
  EXPECT_FALSE(framer.flush().has_value());
  return out;
}

struct Framing {
  std::string_view stream;
  Shown frames;
};

const std::vector<Framing>& cases() {
  static const std::vector<Framing> kCases = {
      {"", {}},
      // Lines: trailers, blank lines, stray bytes between them, the last one without its newline.
      {"<13>a\n<13>b\n", {"message 5 <13>a", "message 5 <13>b"}},
      {"<13>a\r\n<13>b\r\n", {"message 6 <13>a", "message 6 <13>b"}},
      {"<13>a\0\n<13>b\n\0"sv, {"message 6 <13>a", "message 5 <13>b"}},
      {"a\0\r\0\n"sv, {"message 4 a"}},
      {"a\0b\n"sv, {"message 3 a\0b"s}},
      {"\n\r\n\0\n\n<13>a\n\n\r\n"sv, {"message 5 <13>a"}},
      {" \n", {"message 1  "}},
      {"a\nb", {"message 1 a", "unterminated 1 b"}},
      {"a\r", {"unterminated 2 a"}},
      {"\r\0"sv, {}},
      // Octet counting: the text is taken as it is, newlines and all, and may be followed by a newline.
      {"5 <13>a5 <13>b", {"message 5 <13>a", "message 5 <13>b"}},
      {"7 <13>a\r\n5 <13>b", {"message 7 <13>a\r\n", "message 5 <13>b"}},
      {"5 <13>a\n5 <13>b\n", {"message 5 <13>a", "message 5 <13>b"}},
      {"3 1 21 x", {"message 3 1 2", "message 1 x"}},
      {"1 \n1 x", {"message 1 \n", "message 1 x"}},
      {"5 <13>", {"unterminated 5 <13>"}},
      {"5 ", {"unterminated 5 "}},
      {"5", {"unterminated 1 5"}},
      // Both, message by message.
      {"5 <13>a<13>b\n5 <13>c<13>d\n", {"message 5 <13>a", "message 5 <13>b", "message 5 <13>c", "message 5 <13>d"}},
      // Counts that are none: taken up again behind the newline.
      {"5x <13>a\n5 <13>b", {"bad 8 5x <13>a", "message 5 <13>b"}},
      {"5\n5 <13>b", {"bad 1 5", "message 5 <13>b"}},
      {"0 x\na\n", {"bad 3 0 x", "message 1 a"}},
      {"05 x\na\n", {"bad 4 05 x", "message 1 a"}},
      {"0", {"bad 1 0"}},
      {"2026-11-23 a\r\nb\n", {"bad 13 2026-11-23 a", "message 1 b"}},
      {"1234567890 \na\n", {"bad 11 1234567890 ", "message 1 a"}},
      {"123456789", {"unterminated 9 123456789"}},
      {"1x", {"bad 2 1x"}},
      // Over the bound of 16: the head of 6, the length, and the next message as if nothing had been.
      {"0123456789abcdef\nb\n", {"bad 16 0123456789abcdef", "message 1 b"}},
      {"0123456789abcdefg\nb\n", {"bad 17 012345", "message 1 b"}},
      {"abcdefghijklmnop\nb\n", {"message 16 abcdefghijklmnop", "message 1 b"}},
      {"abcdefghijklmnopq\nb\n", {"oversized 17 abcdef", "message 1 b"}},
      {"abcdefghijklmnop\r\nb\n", {"oversized 17 abcdef", "message 1 b"}},
      {"abcdefghijklmnopqrstuvwxyz01234567890\nabcdefghijklmnopqrstuvw\nb\n",
       {"oversized 37 abcdef", "oversized 23 abcdef", "message 1 b"}},
      {"16 abcdefghijklmnop1 b", {"message 16 abcdefghijklmnop", "message 1 b"}},
      {"17 abcdefghijklmnopq1 b", {"oversized 17 abcdef", "message 1 b"}},
      {"30 abcdefghi\nabcdefghi\nabcdefghi\n30 abcdefghi\nabcdefghi\nabcdefghi\nb\n",
       {"oversized 30 abcdef", "oversized 30 abcdef", "message 1 b"}},
      {"abcde\rghijklmnopq\nb\n", {"oversized 17 abcde\r", "message 1 b"}},
      {"abcdefghijklmnopqrs", {"oversized 19 abcdef"}},
      {"999999999 abcdefghijklmnopqrs", {"oversized 999999999 abcdef"}},
      {"999999999 abc", {"oversized 999999999 abc"}},
  };
  return kCases;
}

// Goal: each stream in one push yields its frames, whose texts live until the next push.
TEST(SyslogFramer, cuts_a_stream_into_frames) {
  for (const auto& [stream, frames] : cases()) {
    SyslogFramer framer(kMessageMax, kHeadMax);
    EXPECT_EQ(frames_of(framer, {stream}), frames) << stream;
    EXPECT_EQ(frames_of(framer, {stream}), frames) << "the second time: " << stream;
  }
}

// Goal: the frames do not depend on the pushes: every split in two and in three, and byte by byte.
TEST(SyslogFramer, yields_the_same_frames_at_every_split) {
  for (const auto& [stream, frames] : cases()) {
    for (std::size_t i = 0; i <= stream.size(); ++i) {
      for (std::size_t j = i; j <= stream.size(); ++j) {
        SyslogFramer framer(kMessageMax, kHeadMax);
        ASSERT_EQ(frames_of(framer, {stream.substr(0, i), stream.substr(i, j - i), stream.substr(j)}), frames)
            << stream << " split at " << i << " and " << j;
      }
    }
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
    SyslogFramer framer(kMessageMax, kHeadMax);
    EXPECT_EQ(frames_of(framer, bytes), frames) << stream;
  }
}

// Goal: all streams that end cleanly, one behind the other, yield all their frames: each broken one is got over.
TEST(SyslogFramer, takes_up_a_stream_again_after_every_fault) {
  std::string all;
  Shown expected;
  for (const auto& [stream, frames] : cases()) {
    if (!stream.ends_with('\n')) continue;
    all += stream;
    expected.insert(expected.end(), frames.begin(), frames.end());
  }
  SyslogFramer framer(kMessageMax, kHeadMax);
  EXPECT_EQ(frames_of(framer, {all}), expected);
}

// Goal: a bound smaller than a count does not spoil the count.
TEST(SyslogFramer, reads_a_count_longer_than_the_bound) {
  constexpr std::size_t kTiny = 2;
  const std::string stream = "100 " + std::string(100, 'x') + "2 ab";
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(std::string_view(stream).substr(i, 1));
  SyslogFramer framer(kTiny, 1);
  EXPECT_EQ(frames_of(framer, bytes), (Shown{"oversized 100 x", "message 2 ab"}));
}

// Goal: frames that were not pulled before a push are not lost.
TEST(SyslogFramer, keeps_frames_that_were_not_pulled) {
  SyslogFramer framer(kMessageMax, kHeadMax);
  Shown out;
  for (const std::string_view bytes : {"a\nabcdefghijkl"sv, "mnopqrs\nb\n3 x"sv, "yz4 c"sv, "def"sv}) framer.push(bytes);
  pull(framer, out);
  EXPECT_EQ(out, (Shown{"message 1 a", "oversized 19 abcdef", "message 1 b", "message 3 xyz", "message 4 cdef"}));
}

// Goal: the bounds that are documented are those by default.
TEST(SyslogFramer, has_the_documented_bounds) {
  for (const std::size_t size : {kSyslogMessageMax, kSyslogMessageMax + 1}) {
    const std::string text(size, 'x');
    for (const std::string& stream : {text + "\n", std::to_string(size) + " " + text}) {
      SyslogFramer framer;
      framer.push(stream);
      const auto frame = framer.next();
      ASSERT_TRUE(frame.has_value());
      const bool over = size > kSyslogMessageMax;
      EXPECT_EQ(frame->kind, over ? SyslogFrame::Kind::kOversized : SyslogFrame::Kind::kMessage);
      EXPECT_EQ(frame->text.size(), over ? kSyslogOversizedHead : size);
      EXPECT_EQ(frame->length, size);
    }
  }
}

// Goal: a message that never ends, sent in small pieces, costs time in proportion to its bytes and is counted in full.
TEST(SyslogFramer, counts_an_endless_line) {
  constexpr std::size_t kPieces = 100'000;
  const std::string piece(100, 'x');
  SyslogFramer framer;
  for (std::size_t i = 0; i < kPieces; ++i) {
    framer.push(piece);
    ASSERT_FALSE(framer.next().has_value());
  }
  framer.push("\nb\n");
  const auto frame = framer.next();
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->kind, SyslogFrame::Kind::kOversized);
  EXPECT_EQ(frame->length, kPieces * piece.size());
  EXPECT_EQ(frame->text, std::string(kSyslogOversizedHead, 'x'));
  EXPECT_EQ(framer.next()->text, "b");
}

}  // namespace
}  // namespace stele::collect
