// Goal: every format's stream becomes the records that are in it, whatever stands between them, and can be taken up again
// behind any of them. (Pieces and positions: cutter_fuzz.cc.)
#include "records/cutter.h"

#include <gtest/gtest.h>

#include <chrono>

#include "records/audit_line.h"

namespace stele::records {
namespace {

std::vector<std::string> bytes_of(const std::vector<Record>& records) {
  std::vector<std::string> out;
  for (const Record& record : records) out.push_back(record.bytes);
  return out;
}

std::vector<Record> cut(RecordCutter& cutter, std::string_view stream) {
  std::vector<Record> out;
  cutter.feed(stream, 0, out);
  cutter.end(out);
  return out;
}

std::vector<std::string> cut(const std::unique_ptr<RecordCutter>& cutter, std::string_view stream) {
  return bytes_of(cut(*cutter, stream));
}

using Strings = std::vector<std::string>;

TEST(LineCutter, cuts_lines_and_passes_over_blank_ones) {
  const auto records = cut(*make_line_cutter(), "\xef\xbb\xbfone\r\n\n \ntwo\nthree");
  EXPECT_EQ(bytes_of(records), (Strings{"one", "two", "three"}));
  EXPECT_EQ(records[0].begin, 3U);
  EXPECT_EQ(records[0].after, (Position{8, 0}));
  EXPECT_EQ(records[2].after, (Position{20, 0}));
}

TEST(LineCutter, cuts_off_what_is_too_long_and_says_how_long_it_was) {
  const auto records = cut(*make_line_cutter({}, {4, 1, 1}), "12345678\n1234\n12345");
  EXPECT_EQ(bytes_of(records), (Strings{"1234", "1234", "1234"}));
  EXPECT_EQ(records[0].length, 8U);
  EXPECT_EQ(records[1].length, 4U);
  EXPECT_EQ(records[2].length, 5U);
}

TEST(CsvCutter, keeps_line_ends_within_quotes) {
  EXPECT_EQ(cut(make_csv_cutter(), "a,\"b\n\"\"c\"\"\",d\n1,2\r\n\n3"), (Strings{"a,\"b\n\"\"c\"\"\",d", "1,2", "3"}));
}

TEST(CsvCutter, a_record_that_a_crash_cut_off_takes_no_other_along) {
  EXPECT_EQ(cut(make_csv_cutter(), "1,\"select to\n2,\"ada\",\"x\ny\"\n3,\"z\"\n"),
            (Strings{"1,\"select to", "2,\"ada\",\"x\ny\"", "3,\"z\""}));
}

// Quotes of which each makes sense until the last one: no byte is looked at again for each line.
TEST(CsvCutter, looks_at_what_makes_no_sense_a_few_times_alone) {
  std::string stream;
  while (stream.size() + 10 < kRecordBytesMax) stream += "a\",\"\n";
  const std::size_t lines = stream.size() / 5;
  const auto records = cut(*make_csv_cutter(), stream + "a\"x\nthe end,\"b\nc\"\n");
  ASSERT_EQ(records.size(), lines + 2);
  EXPECT_EQ(records[lines - 1].bytes, "a\",\"");
  EXPECT_EQ(records[lines].bytes, "a\"x");
  EXPECT_EQ(records[lines + 1].bytes, "the end,\"b\nc\"");
}

TEST(CsvCutter, goes_on_behind_any_record_of_what_makes_no_sense) {
  std::string stream;
  for (int i = 0; i < 5; ++i) stream += "\na\",\"\r\n\n1,\"2\n3\"\nb\"x\",\"\n";
  const auto whole = cut(*make_csv_cutter(), stream);
  for (const std::size_t step : {1U, 2U, 3U, 7U, 50U}) {
    std::vector<Record> out;
    const auto cutter = make_csv_cutter();
    for (std::size_t at = 0; at < stream.size(); at += step) cutter->feed(std::string_view(stream).substr(at, step), 0, out);
    cutter->end(out);
    EXPECT_EQ(out, whole) << step;
  }
  bool has_state = false;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    has_state |= whole[i].after.state != 0;
    const auto rest = cut(*make_csv_cutter(whole[i].after), std::string_view(stream).substr(whole[i].after.offset));
    EXPECT_EQ(rest, std::vector<Record>(whole.begin() + static_cast<std::ptrdiff_t>(i) + 1, whole.end())) << i;
  }
  EXPECT_TRUE(has_state);
}

TEST(DocumentCutter, takes_lines_and_documents_over_many_lines) {
  EXPECT_EQ(cut(make_document_cutter(""), "{\"a\":1}\n{\n \"b\": [1, {\"c\": \"}\\\"\"}]\n}{\"d\":2}"),
            (Strings{"{\"a\":1}", "{\n \"b\": [1, {\"c\": \"}\\\"\"}]\n}", "{\"d\":2}"}));
}

TEST(DocumentCutter, takes_the_elements_of_an_array) {
  EXPECT_EQ(cut(make_document_cutter(""), "[ {\"a\":1},\n{\"b\":[2]} , 7, \"x,]\"]\n{\"c\":3}"),
            (Strings{"{\"a\":1}", "{\"b\":[2]}", "7", "\"x,]\"", "{\"c\":3}"}));
}

TEST(DocumentCutter, takes_the_list_that_documents_are_shipped_in) {
  constexpr std::string_view kBatch = R"({"kind":"L","metadata":{"items":[0]},"items":[{"items":[1]},{}],"x":"]}"} {"a":1})";
  EXPECT_EQ(cut(make_document_cutter("items"), kBatch), (Strings{R"({"items":[1]})", "{}", R"({"a":1})"}));
  EXPECT_EQ(cut(make_document_cutter(""), kBatch).size(), 2U);
}

TEST(DocumentCutter, what_a_crash_cut_off_takes_no_other_along) {
  EXPECT_EQ(cut(make_document_cutter(""), "{\"a\":\"to\n{\"b\":1}\n{\"c\":[1,\n{\"d\":1}\n{\"e\"\n{\"f\":1}\nno\n{\"g\":1}\n"),
            (Strings{"{\"a\":\"to", "{\"b\":1}", "{\"c\":[1,", "{\"d\":1}", "{\"e\"", "{\"f\":1}", "no", "{\"g\":1}"}));
}

constexpr std::string_view kInterleaved =
    "type=SYSCALL msg=audit(1732378800.123:1): a\n"
    "type=SYSCALL msg=audit(1732378800.124:2): b\n"
    "type=USER_LOGIN msg=audit(1732378800.125:3): c\n"
    "type=PATH msg=audit(1732378800.123:1): d\n"
    "type=PROCTITLE msg=audit(1732378800.124:2): e\n"
    "type=EOE msg=audit(1732378800.123:1): \n"
    "type=EOE msg=audit(1732378800.124:2): \n";

TEST(AuditCutter, groups_interleaved_events_and_leaves_out_their_ends) {
  EXPECT_EQ(cut(make_audit_cutter(), kInterleaved),
            (Strings{"type=USER_LOGIN msg=audit(1732378800.125:3): c",
                     "type=SYSCALL msg=audit(1732378800.124:2): b\ntype=PROCTITLE msg=audit(1732378800.124:2): e",
                     "type=SYSCALL msg=audit(1732378800.123:1): a\ntype=PATH msg=audit(1732378800.123:1): d"}));
}

TEST(AuditCutter, goes_on_behind_any_event_though_others_are_open) {
  const auto whole = cut(*make_audit_cutter(), kInterleaved);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto rest = cut(*make_audit_cutter(whole[i].after), kInterleaved.substr(whole[i].after.offset));
    EXPECT_EQ(bytes_of(rest), bytes_of({whole.begin() + static_cast<std::ptrdiff_t>(i) + 1, whole.end()})) << i;
  }
}

TEST(AuditCutter, an_event_without_end_ends_by_younger_lines_of_its_node_and_by_waiting) {
  const auto cutter = make_audit_cutter();
  std::vector<Record> out;
  using std::chrono::nanoseconds;
  const auto seconds = [](int n) { return nanoseconds(std::chrono::seconds(n)).count(); };
  cutter->feed("node=a type=SYSCALL msg=audit(100.000:1): x\nnode=b type=SYSCALL msg=audit(200.000:2): x\n", seconds(1), out);
  cutter->feed("node=a type=SYSCALL msg=audit(102.000:3): x\n", seconds(2), out);
  EXPECT_EQ(out.size(), 0U);
  cutter->feed("node=a type=SYSCALL msg=audit(102.001:4): x\n", seconds(2), out);
  EXPECT_EQ(bytes_of(out), (Strings{"node=a type=SYSCALL msg=audit(100.000:1): x"}));
  cutter->feed("", seconds(3), out);
  EXPECT_EQ(out.size(), 1U);
  cutter->feed("", seconds(4), out);
  EXPECT_EQ(out.size(), 2U);
  cutter->feed("", seconds(5), out);
  EXPECT_EQ(out.size(), 4U);
}

TEST(AuditCutter, a_line_of_nobody_is_a_record) {
  EXPECT_EQ(cut(make_audit_cutter(), "hello\ntype=X msg=audit(1.1:1): short millis\n").size(), 2U);
}

TEST(AuditCutter, holds_no_more_events_than_it_may) {
  std::string stream;
  for (int i = 0; i < 50; ++i) stream += "type=SYSCALL msg=audit(100.000:" + std::to_string(i) + "): x\n";
  std::vector<Record> out;
  const auto cutter = make_audit_cutter({}, {1000, 10, 1U << 20});
  cutter->feed(stream, 0, out);
  EXPECT_EQ(out.size(), 40U);
}

TEST(AuditLine, knows_its_event_and_which_types_stand_alone) {
  const auto line = read_audit_line("node=web-1 type=USER_LOGIN msg=audit(1732378800.123:812): pid=7");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->node, "web-1");
  EXPECT_EQ(line->type, "USER_LOGIN");
  EXPECT_EQ(line->stamp, "1732378800.123:812");
  EXPECT_EQ(line->time, "1732378800.123");
  EXPECT_EQ(line->serial, "812");
  EXPECT_EQ(line->millis, 1732378800123);
  EXPECT_EQ(line->fields, "pid=7");
  for (const char* type : {"USER_LOGIN", "SERVICE_START", "DAEMON_END", "KERNEL", "UNKNOWN[2100]", "CRYPTO_KEY_USER"})
    EXPECT_TRUE(stands_alone(type)) << type;
  for (const char* type : {"SYSCALL", "LOGIN", "AVC", "APPARMOR_DENIED", "UNKNOWN[1334]", "UNKNOWN[x]", "INTEGRITY_RULE"})
    EXPECT_FALSE(stands_alone(type)) << type;
}

}  // namespace
}  // namespace stele::records
