#include "agent/record.h"

#include <gtest/gtest.h>

#include "agent/file_identity.h"
#include "agent/file_names.h"
#include "agent/journal_json.h"
#include "agent/own_event.h"
#include "event/json_value.h"

namespace stele::agent {
namespace {

// Goal: a record is the line that docs/formats/records.md describes, whatever bytes it has.
TEST(Record, is_a_line_of_ndjson) {
  std::string out;
  const Sequence sequence{"00ff", "web-1"};
  append_record_line(out, {"line", "/var/log/x", "a \"b\"", 0, ""}, sequence, 17);
  EXPECT_EQ(
      out,
      "{\"format\":\"line\",\"seq\":17,\"sequence\":\"00ff\",\"id\":\"00ff-17\",\"stream\":\"/var/log/x\",\"host\":\"web-1\","
      "\"record\":\"a \\\"b\\\"\"}\n");
  out.clear();
  append_record_line(out, {"line", "s", "\xff", 9, R"({"pid":1})"}, sequence, 18);
  EXPECT_NE(out.find(R"("peer":{"pid":1},"length":9,"record":{"$base64":"/w=="}})"), std::string::npos) << out;
}

// Goal: a position is read back as it was written, with a path of any bytes.
TEST(FilePosition, is_read_back) {
  FilePosition position;
  position.file = {2049, 18'446'744'073'709'551'615U};
  position.path = "/var/log/\xff.log";
  position.at = {123, 4};
  position.head = 100;
  position.digest = 7;
  position.modified = 1'795'000'000'000'000'000;
  position.size = 456;
  position.rotated = true;
  const auto read = parse_position(position_text(position));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->file, position.file);
  EXPECT_EQ(read->path, position.path);
  EXPECT_EQ(read->at, position.at);
  EXPECT_EQ(position_text(*read), position_text(position));
  for (const char* bad : {"", "{}", "[1]", R"({"path":"x"})"}) EXPECT_FALSE(parse_position(bad)) << bad;
}

// Goal: names that rotation gives are told from others.
TEST(FileNames, of_rotated_files) {
  for (const char* name : {"a.log.1", "a.log.12", "a.log-20261123", "a.log.2026-11-23", "a.log.old", "a.log-20261123-1700"})
    EXPECT_TRUE(is_rotated_name(name, "a.log")) << name;
  for (const char* name : {"a.log", "a.log.1.gz", "a.logx", "b.log.1", "a.log.swp", "a.log."})
    EXPECT_FALSE(is_rotated_name(name, "a.log")) << name;
}

// Goal: an entry of the journal is what journalctl makes of it.
TEST(JournalJson, is_that_of_journalctl) {
  JournalEntry entry{"s=1;i=2", 5, 6, "0b", {{"MESSAGE", "a"}, {"_BOOT_ID", "0b"}, {"X", "\xff\x01"}, {"MESSAGE", "b"}}};
  EXPECT_EQ(journal_json(entry),
            R"({"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"5","__MONOTONIC_TIMESTAMP":"6","_BOOT_ID":"0b",)"
            R"("MESSAGE":["a","b"],"X":[255,1]})");
  EXPECT_EQ(entries_between("s=a;i=1f;b=1", "s=a;i=22;b=1"), 2U);
  EXPECT_FALSE(entries_between("s=a;i=1f", "s=b;i=22"));
  EXPECT_FALSE(entries_between("", "s=b;i=22"));
}

// Goal: what the agent tells is a native event, whatever bytes it is about.
TEST(OwnEvent, is_an_event) {
  Notice notice{
      "file_lost", "warning", "failure", "gone: \xff \"x\"", {text_attribute("path", "\xff"), number_attribute("n", 3)}};
  const std::string json = own_event(notice, {"web-1", 812}, 1'795'000'000'000'000'000);
  event::JsonTape tape;
  event::JsonError error;
  ASSERT_TRUE(tape.parse(json, {}, error)) << json;
  const event::JsonValue value(tape);
  EXPECT_EQ(value["action"].text(), "stele.agent.file_lost");
  EXPECT_EQ(value["actor"]["id"].text(), "stele-agent[812]@web-1");
  EXPECT_EQ(value["attributes"]["n"].number(), 3U);
}

}  // namespace
}  // namespace stele::agent
