// Goal: an append goes on where it was, or says why it cannot; the words about it are right.
#include "cli/progress_file.h"

#include <gtest/gtest.h>

#include "cli/append_summary.h"
#include "cli/progress_line.h"

namespace stele::cli {
namespace {

Progress sample() {
  Progress p;
  p.file = {1000, 1'700'000'000'000'000'001U, 42};
  p.origin = "example.org/log";
  p.source = "a \"b\".ndjson";
  p.offset = 500;
  p.line = 7;
  p.stored = 5;
  p.repeated = 1;
  p.refused = 1;
  p.first = 10;
  p.last = 14;
  return p;
}

TEST(ProgressFile, reads_what_it_writes) {
  const std::string json = progress_json(sample());
  const auto read = parse_progress(json);
  ASSERT_TRUE(read);
  EXPECT_EQ(progress_json(*read), json);
  EXPECT_EQ(read->source, "a \"b\".ndjson");
  Progress none = sample();
  none.first.reset();
  none.last.reset();
  const auto without = parse_progress(progress_json(none));
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->first);
}

TEST(ProgressFile, refuses_every_cut_and_other_versions) {
  const std::string json = progress_json(sample());
  for (std::size_t size = 0; size + 1 < json.size(); ++size) EXPECT_FALSE(parse_progress(json.substr(0, size))) << size;
  std::string other = json;
  other.replace(other.find(":1,"), 3, ":2,");
  EXPECT_FALSE(parse_progress(other));
  std::string beyond = json;
  beyond.replace(beyond.find("\"offset\":500"), 12, "\"offset\":1001");
  EXPECT_FALSE(parse_progress(beyond));
}

TEST(ProgressFile, fits_the_same_file_and_one_that_grew) {
  const Progress p = sample();
  EXPECT_TRUE(check_progress(p, p.file, p.origin, p.source));
  EXPECT_TRUE(check_progress(p, {1001, 2, 42}, p.origin, p.source));
}

TEST(ProgressFile, fits_no_other_file_log_or_source) {
  const Progress p = sample();
  const auto why = [&](const FileIdentity& file, const std::string& origin, const std::string& source) {
    const Status status = check_progress(p, file, origin, source);
    return status ? std::string() : status.error().message;
  };
  EXPECT_EQ(why({1000, p.file.modified, 43}, p.origin, p.source), "the file was replaced since");
  EXPECT_EQ(why({999, p.file.modified, 42}, p.origin, p.source), "the file became shorter since");
  EXPECT_EQ(why({1000, 2, 42}, p.origin, p.source), "the file was changed since");
  EXPECT_EQ(why(p.file, "other", p.source), "it was going to another log, example.org/log");
  EXPECT_EQ(why(p.file, p.origin, "c"), "it was going under the source \"a \"b\".ndjson\"");
}

TEST(ProgressLine, says_share_rate_and_time_left) {
  Position p{"app.ndjson", 300 << 10, 1200 << 10, 0, 12'345};
  EXPECT_EQ(position_text(p, 2), "app.ndjson  25 %  300.0 KiB of 1.2 MiB  12,345 events  6,172 events/s  6 s left");
  p.bytes_begun = 200 << 10;  // an earlier run's part says nothing about this one's speed
  EXPECT_EQ(position_text(p, 2), "app.ndjson  25 %  300.0 KiB of 1.2 MiB  12,345 events  6,172 events/s  18 s left");
  p.bytes_total.reset();
  EXPECT_EQ(position_text(p, 0), "app.ndjson  300.0 KiB  12,345 events");
  EXPECT_EQ(position_text({"\x1b[2J", 0, 0, 0, 1}, 1), "\\u001b[2J  100 %  0 B of 0 B  1 event  1 events/s");
}

TEST(AppendSummary, says_what_was_stored_where) {
  AppendSummary s;
  s.stored = 12'345;
  s.first = 0;
  s.last = 12'344;
  s.seconds = 2.06;
  EXPECT_EQ(summary_text(s), "stored 12,345 events as entries 0–12,344 in 2.1 s; none refused");
  s.last = 20'000;
  s.refused = 3;
  s.earlier = 345;
  s.repeated = 1;
  EXPECT_EQ(
      summary_text(s),
      "stored 12,345 events within entries 0–20,000, 345 of them by an earlier run, 1 of them there already in 2.1 s; refused 3");
  AppendSummary one;
  one.stored = 1;
  one.first = one.last = 7;
  EXPECT_EQ(summary_text(one), "stored 1 event as entry 7 in 0.0 s; none refused");
}

TEST(AppendSummary, is_one_json_object) {
  AppendSummary s;
  s.log = "main";
  s.origin = "o";
  s.stored = 2;
  s.first = 0;
  s.last = 1;
  s.seconds = 1.5;
  EXPECT_EQ(summary_json(s),
            R"({"log":"main","origin":"o","stored":2,"earlier":0,"repeated":0,"refused":0,"first":0,"last":1,"seconds":1.500})");
  s.first.reset();
  s.error = "no \"server\"";
  EXPECT_TRUE(summary_json(s).ends_with(R"("first":null,"last":1,"seconds":1.500,"error":"no \"server\""})"));
}

}  // namespace
}  // namespace stele::cli
