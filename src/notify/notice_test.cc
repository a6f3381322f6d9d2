// A notice is what an entry of Stele's own says, and survives being written down.
#include "notify/notice.h"

#include <gtest/gtest.h>

#include "event/internal_event.h"

namespace stele::notify {
namespace {

std::string entry_of(const event::InternalEvent& event) { return std::string(event::internal_batch(event)->entry(0)); }

event::InternalEvent silent() {
  event::InternalEvent event;
  event.time = 1'795'000'000'000'000'000;
  event.action = "stele.source.silent";
  event.severity = "warning";
  event.message = "Nothing came from \"gate-1\" for 2 hours.";
  event.targets = {{"source", "gate-1"}, {"door", "syslog"}};
  event.attributes = {{"seconds", std::uint64_t{7200}}, {"note", std::string("a\nb")}};
  return event;
}

Result<Notice> through_json(const Notice& notice) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(notice_json(notice), {}, error)) return invalid(error.message);
  return read_notice(event::JsonValue(tape));
}

// Goal: each part of the notice is taken from the place in the entry that docs/formats/notification.md names.
TEST(Notice, is_read_from_an_entry) {
  const auto read = notice_of_entry(entry_of(silent()), 812, "log.example/main");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(*read);
  EXPECT_EQ(notice_json(**read),
            R"({"id":"00000000-0000-7000-8000-000000000000","kind":"source.silent","severity":"warning",)"
            R"("subject":{"type":"source","id":"gate-1"},"message":"Nothing came from \"gate-1\" for 2 hours.",)"
            R"("details":{"seconds":7200,"note":"a\nb"},"time":"2026-11-18T11:06:40.000000000Z",)"
            R"("log":"log.example/main","index":812})");
}

// Goal: what a source claims is never taken for Stele's own word, and what does not notify is passed over.
TEST(Notice, comes_from_entries_of_the_internal_source_with_a_notifying_action_alone) {
  const std::string text = event::internal_event_json(silent());
  event::EntryBatch forged(event::Source{"stele", "http", "127.0.0.1:1", ""});
  ASSERT_TRUE(forged.add(text, {}, {}, {}));
  EXPECT_FALSE(event::is_internal_entry(forged.entry(0)));
  EXPECT_FALSE(*notice_of_entry(forged.entry(0), 0, ""));
  event::InternalEvent other = silent();
  other.action = "stele.id_conflict";
  EXPECT_TRUE(event::is_internal_entry(entry_of(other)));
  EXPECT_FALSE(*notice_of_entry(entry_of(other), 0, ""));
  for (const std::string_view action : notifying_actions()) {
    other.action = action;
    EXPECT_TRUE(*notice_of_entry(entry_of(other), 0, "")) << action;
  }
}

// Goal: a damaged entry is an error and no notice.
TEST(Notice, is_not_made_of_a_damaged_entry) {
  const std::string good = entry_of(silent());
  EXPECT_EQ(notice_of_entry(good.substr(0, good.size() - 3), 7, "").error().code, Code::kCorrupt);
  std::string severe = good;
  severe.replace(severe.find("warning"), 7, "wrongly");
  EXPECT_EQ(notice_of_entry(severe, 7, "").error().code, Code::kCorrupt);
}

// Goal: what is written to the state file is read back unchanged.
TEST(Notice, survives_being_written_and_read) {
  Notice notice = **notice_of_entry(entry_of(silent()), 812, "log.example/main");
  notice.more = 41;
  notice.since = notice.time - 5;
  notice.message = "\xef\xbf\xbd and \x01 stay";
  const auto once = through_json(notice);
  ASSERT_TRUE(once) << once.error().message;
  EXPECT_EQ(notice_json(*once), notice_json(notice));
  EXPECT_EQ(once->since, notice.since);
  notice.severity = "shrill";
  EXPECT_FALSE(through_json(notice));
}

// Goal: an id without an entry depends on what the notice says, and on nothing else.
TEST(Notice, has_an_id_without_an_entry) {
  Notice notice{.kind = "log.stopped", .subject_type = "log", .subject = "main", .time = 5};
  const std::string id = notice_id(notice);
  EXPECT_EQ(id.size(), 32U);
  notice.message = "other words";
  EXPECT_EQ(notice_id(notice), id);
  notice.time = 6;
  EXPECT_NE(notice_id(notice), id);
}

}  // namespace
}  // namespace stele::notify
