// Entries of the journal as events, from both of its formats.
#include "collect/journal_event.h"

#include <gtest/gtest.h>

#include "support/understanding.h"

#include "collect/door_batch.h"
#include "collect/record_format.h"
#include "io/file.h"

namespace stele::collect {
namespace {

constexpr UnixNanos kNow = 1'795'450'805'000'000'000;

// The members `event` and `derived` of the entry that comes of an object of `journalctl -o json`.
std::string event_of(std::string_view json) {
  event::JsonTape tape;
  event::JsonError error;
  EXPECT_TRUE(tape.parse(json, {}, error)) << error.message;
  JournalEntry entry;
  const Status read = read_journal_json(tape, entry);
  if (!read) return read.error().message;
  DoorBatch batch({"s", "journal-upload", "", ""}, testing::shipped_understanding(), kNow);
  journal_event(entry, kNow, batch.draft(), batch.record());
  batch.add("", false);
  const event::EntryBatch entries = std::move(batch).take();
  const auto view = event::read_entry(entries.entry(0));
  EXPECT_TRUE(view);
  return std::string(view->event) + std::string(view->derived);
}

// Goal: every member from the field that says it.
TEST(JournalEvent, takes_each_member_from_its_field) {
  EXPECT_EQ(
      event_of(R"({"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795450800000001","__MONOTONIC_TIMESTAMP":"5","_BOOT_ID":"b",
        "_SOURCE_REALTIME_TIMESTAMP":"1795450799999999","_HOSTNAME":"web-1","_PID":"812","SYSLOG_PID":"7","_COMM":"python3",
        "SYSLOG_IDENTIFIER":"billing","SYSLOG_FACILITY":"10","PRIORITY":"4","MESSAGE":"hello","_UID":"0","TAG":["a","b",null]})"),
      R"({"id":"s=1;i=2","time":"2026-11-23T16:19:59.999999000Z",)"
      R"("actor":{"type":"process","id":"billing[812]@web-1","name":"billing"},"action":"journal.message",)"
      R"("category":"authentication","outcome":"unknown","severity":"warning","message":"hello",)"
      R"("attributes":{"facility":"authpriv","host":"web-1","app":"billing","pid":"812",)"
      R"("journal":{"_BOOT_ID":"b","SYSLOG_PID":"7","_COMM":"python3","_UID":"0","TAG":["a","b"]}}})"
      R"({"by":"journal/entry@1","fields":["actor","action","category","outcome"]})");
}

// Goal: what is not there is not made up, and what is no number stays what it is.
TEST(JournalEvent, says_what_is_missing) {
  EXPECT_EQ(
      event_of(R"({"_EXE":"/usr/bin/x","PRIORITY":"high","SYSLOG_FACILITY":"24","__REALTIME_TIMESTAMP":"99999999999999999"})"),
      R"({"time":"2026-11-23T16:20:05.000000000Z","actor":{"type":"process","id":"x","name":"x"},"action":"journal.message",)"
      R"("category":"system_activity","outcome":"unknown","attributes":{"app":"x",)"
      R"("journal":{"_EXE":"/usr/bin/x","PRIORITY":"high","SYSLOG_FACILITY":"24"}}})"
      R"({"by":"journal/entry@1","fields":["time","actor","action","category","outcome"]})");
  EXPECT_NE(event_of("{}").find(R"("id":"unknown")"), std::string::npos);
  EXPECT_NE(event_of("{}").find(R"("unattributed":true)"), std::string::npos);
}

// Goal: a rule for a program concludes as it does for the same line by syslog.
TEST(JournalEvent, is_understood_by_the_rules_for_lines) {
  const std::string event = event_of(
      R"({"_COMM":"sshd","_HOSTNAME":"web-1","MESSAGE":"Accepted publickey for ada from 203.0.113.9 port 51122 ssh2: ED25519 SHA256:0Q"})");
  EXPECT_NE(event.find(R"("action":"ssh.login")"), std::string::npos) << event;
  EXPECT_NE(event.find(R"("actor":{"type":"user","id":"ada"})"), std::string::npos) << event;
}

// Goal: bytes as journalctl writes them, alone and among other values, and what is none of its values.
TEST(JournalEvent, reads_journalctls_values) {
  EXPECT_NE(event_of(R"({"MESSAGE":[104,105]})").find(R"("message":"hi")"), std::string::npos);
  EXPECT_NE(event_of(R"({"MESSAGE":[255]})").find(R"("message":"�<ff>")"), std::string::npos);
  EXPECT_NE(event_of(R"({"A":["x",[1,255],null,"\u00e9"]})").find(R"("A":["x",{"$base64":"Af8="},"é"])"), std::string::npos);
  EXPECT_EQ(event_of(R"({"A":null,"lower":{},"B":[]})").find("journal\":{"), std::string::npos);
  for (const char* json :
       {R"({"A":1})", R"({"A":true})", R"({"A":{}})", R"({"A":[256]})", R"({"A":[1,"x"]})", R"({"A":[[1.5]]})", R"({"A":[{}]})"})
    EXPECT_TRUE(event_of(json).starts_with("a field of a journal entry is")) << json;
  EXPECT_EQ(event_of("[]"), "a journal entry is a JSON object");
}

// Goal: what the agent sends of a journal is the same event as what systemd sends.
TEST(JournalEvent, is_a_format_of_records) {
  DoorBatch batch({"s", "records", "", ""}, testing::shipped_understanding(), kNow);
  const RecordFormat* format = find_record_format("journal");
  ASSERT_NE(format, nullptr);
  batch.set_sender({.id = "from the sender"});
  format->add(R"({"__CURSOR":"s=1;i=2","_COMM":"x","MESSAGE":"hello"})", batch);
  format->add(R"({"MESSAGE":"hello"})", batch);
  format->add(R"({"MESSAGE":1})", batch);
  format->add("hello", batch);
  EXPECT_EQ(batch.quarantined(), 2U);
  const event::EntryBatch entries = std::move(batch).take();
  EXPECT_EQ(entries.event_id(0), "s=1;i=2") << "the cursor is the better id";
  EXPECT_EQ(entries.event_id(1), "from the sender");
  EXPECT_NE(entries.entry(0).find(R"("action":"journal.message")"), std::string::npos);
}

// Goal: what is long stands once, in the original.
TEST(JournalEvent, leaves_long_values_to_the_original) {
  const std::string event = event_of(R"({"A":")" + std::string(1025, 'x') + R"(","B":")" + std::string(1024, 'y') + "\"}");
  EXPECT_EQ(event.find("\"A\""), std::string::npos);
  EXPECT_NE(event.find("\"B\":\"yyy"), std::string::npos);
}

}  // namespace
}  // namespace stele::collect
