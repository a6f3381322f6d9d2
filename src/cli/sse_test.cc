// Goal: events are put together right however the stream is cut.
#include "cli/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace stele::cli {
namespace {

std::vector<ServerEvent> parse(std::string_view text, std::size_t piece) {
  SseParser parser;
  std::vector<ServerEvent> events;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE(parser.feed(text.substr(at, piece), [&](const ServerEvent& e) { events.push_back(e); }));
  }
  return events;
}

TEST(Sse, reads_events_cut_at_any_byte) {
  const std::string text = "id: 7\ndata: {\"a\":1}\n\n: still here\n\nid: 8\ndata: {\"b\":\"ä\"}\n\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const auto events = parse(text, piece);
    ASSERT_EQ(events.size(), 2U) << piece;
    EXPECT_EQ(events[0].id, "7");
    EXPECT_EQ(events[0].data, "{\"a\":1}");
    EXPECT_EQ(events[1].id, "8");
    EXPECT_EQ(events[1].data, "{\"b\":\"ä\"}");
  }
}

TEST(Sse, takes_every_end_of_line) {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    const std::string text = "id:1" + end + "data:x" + end + "data: y" + end + end + "data:z" + end + end + "retry: 5" + end;
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      const auto events = parse(text, piece);
      ASSERT_EQ(events.size(), 2U) << piece;
      EXPECT_EQ(events[0].data, "x\ny");
      EXPECT_EQ(events[1].data, "z");
      EXPECT_EQ(events[1].id, "1");  // the last one that was sent
    }
  }
}

TEST(Sse, reads_names_and_skips_what_has_no_data) {
  const auto events = parse(
      "\xef\xbb\xbf"
      "event: a\n\nevent: end\ndata\n\nunknown: x\ndata: \n\n",
      1000);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].name, "end");
  EXPECT_EQ(events[0].data, "");
  EXPECT_EQ(events[1].name, "message");
}

TEST(Sse, gives_nothing_for_an_event_that_was_cut_off) { EXPECT_TRUE(parse("id: 1\ndata: x\n", 3).empty()); }

TEST(Sse, refuses_an_event_without_end) {
  SseParser parser(100);
  Status status;
  for (int i = 0; i < 50 && status; ++i) status = parser.feed("data: 12345678\n", [](const ServerEvent&) {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace stele::cli
