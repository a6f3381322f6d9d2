// Goal: an entry reads as one line, whatever it holds.
#include "cli/entry_line.h"

#include <gtest/gtest.h>

namespace stele::cli {
namespace {

std::string entry(const std::string& event) {
  return R"({"stele":1,"id":"019ab3c4-5d6e-7f80-8000-000000000000","received":"2026-11-23T16:20:00.123456789Z",)"
         R"("source":{"id":"billing-api","kind":"http"},"event":)" +
         event + "}";
}

TEST(EntryLine, shows_who_did_what_to_what) {
  EXPECT_EQ(
      entry_line(12,
                 entry(R"({"time":"2026-11-23T17:19:59.9987+01:00","actor":{"type":"user","id":"u_42","name":"Ada Park"},)"
                       R"("action":"customer.export","targets":[{"type":"table","id":"customers"},{"type":"file","id":"x"}],)"
                       R"("outcome":"success","origin":{"ip":"203.0.113.9"},"message":"done"})"),
                 LineStyle()),
      "12  2026-11-23T16:19:59.998Z  billing-api  user:u_42 (Ada Park)  customer.export  table:customers,file:x  success  "
      "203.0.113.9  \"done\"");
}

TEST(EntryLine, marks_what_is_absent) {
  EXPECT_EQ(entry_line(0, entry(R"({"actor":{"type":"process","id":"sshd"},"action":"x","outcome":"unknown"})"), LineStyle()),
            "0  2026-11-23T16:20:00.123Z  billing-api  process:sshd  x  -  unknown  -");
  EXPECT_EQ(entry_line(0, "{}", LineStyle()), "0  -  -  -  -  -  -  -");
  EXPECT_EQ(entry_line(0, "not JSON", LineStyle()), "0  (no entry that this program can read)");
}

TEST(EntryLine, lets_nothing_hostile_through) {
  const std::string line = entry_line(
      1,
      entry(
          R"({"actor":{"type":"user","id":"\u001b[31mroot\u001b[0m"},"action":"a\nb","targets":[{"type":"\u202e","id":"\u0007"}],)"
          "\"outcome\":\"\\u009b\",\"origin\":{\"ip\":\"\xc2\x9b\"},\"message\":{\"$base64\":\"G1s=\"}}"),
      LineStyle());
  EXPECT_EQ(
      line,
      "1  2026-11-23T16:20:00.123Z  billing-api  user:\\u001b[31mroot\\u001b[0m  a\\u000ab  \\u202e:\\u0007  \\u009b  \\u009b  "
      "\"base64:G1s=\"");
}

TEST(EntryLine, clips_what_is_long) {
  std::string targets;
  for (int i = 0; i < 5; ++i) targets += (i == 0 ? "" : ",") + std::string(R"({"type":"t","id":"i"})");
  const std::string line = entry_line(
      1, entry(R"({"actor":{"type":"user","id":")" + std::string(500, 'u') + R"("},"action":"a","targets":[)" + targets + "]}"),
      LineStyle());
  EXPECT_NE(line.find("user:" + std::string(80, 'u') + "…  a  t:i,t:i,t:i,+2"), std::string::npos) << line;
}

TEST(EntryLine, colours_by_outcome_and_severity) {
  LineStyle style;
  style.palette = Palette(true);
  const auto line = [&](const std::string& outcome, const std::string& severity) {
    return entry_line(1, entry(R"({"action":"act","outcome":")" + outcome + R"(","severity":")" + severity + "\"}"), style);
  };
  EXPECT_NE(line("denied", "info").find("\x1b[31mdenied\x1b[0m"), std::string::npos);
  EXPECT_NE(line("success", "critical").find("\x1b[31mact\x1b[0m"), std::string::npos);
  EXPECT_NE(line("success", "info").find("\x1b[32msuccess\x1b[0m"), std::string::npos);
}

TEST(SentenceLine, shows_the_sentence_behind_index_time_and_source) {
  const std::string stored =
      entry(R"({"time":"2026-11-23T16:19:59.998Z","actor":{"type":"user","id":"ada"},"outcome":"denied"})");
  EXPECT_EQ(sentence_line(12, stored, "ada did\x1b it, denied", LineStyle()),
            "12  2026-11-23T16:19:59.998Z  billing-api  ada did\\u001b it, denied");
  LineStyle style;
  style.palette = Palette(true);
  EXPECT_NE(sentence_line(12, stored, "x", style).find("\x1b[31mx\x1b[0m"), std::string::npos);
  EXPECT_EQ(sentence_line(0, "not JSON", "x", LineStyle()), "0  (no entry that this program can read)");
}

TEST(TimeText, keeps_times_before_1970) { EXPECT_EQ(time_text(-1'500'000'000, false), "1969-12-31T23:59:58.500Z"); }

}  // namespace
}  // namespace stele::cli
