// Goal: a record becomes the event that its format says, with what its sender says of it; what cannot be understood is kept, with
// its number, its id and its place.
#include "collect/records_door.h"

#include <gtest/gtest.h>

#include "support/understanding.h"

#include "event/intake.h"
#include "normalise/samples.h"

namespace stele::collect {
namespace {

// An entry's event, asked for by path.
struct Got {
  std::string event;
  std::string derived;
  std::string original;
  std::string operator[](std::string_view path) const { return normalise::member_at(event, path).value_or(""); }
};

std::vector<Got> sent(const std::string& body) {
  DoorBatch batch({"s", "records", "192.0.2.1:1", ""}, testing::shipped_understanding(), 1'795'450'805'000'000'000);
  const Status read = make_records_door()->decode({}, body, batch);
  EXPECT_TRUE(read.ok()) << (read ? "" : read.error().message);
  EXPECT_EQ(batch.take_sent().size(), batch.count());
  const event::EntryBatch entries = std::move(batch).take();
  std::vector<Got> out;
  event::Intake intake({1U << 22, 160, 1U << 20});
  for (std::size_t i = 0; i < entries.count(); ++i) {
    const auto view = event::read_entry(entries.entry(i));
    EXPECT_TRUE(view.ok());
    event::Accepted accepted;
    event::Finding error;
    EXPECT_TRUE(intake.read(view->event, accepted, error)) << error.path << ": " << error.message << "\n" << view->event;
    EXPECT_EQ(accepted.id, entries.event_id(i));
    out.push_back({std::string(view->event), std::string(view->derived), std::string(view->original)});
  }
  return out;
}

Got one(const std::string& body) {
  const auto all = sent(body);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? Got() : all[0];
}

TEST(RecordsDoor, a_line_of_syslog_is_read_as_one) {
  const Got got = one(
      R"({"format":"line","record":"Nov 23 16:20:00 web-1 sshd[812]: Accepted publickey for ada from 203.0.113.9 port 5 ssh2",)"
      R"("seq":17,"sequence":"00ff","stream":"/var/log/auth.log","host":"other","id":"00ff:17"})");
  EXPECT_EQ(got["action"], "ssh.login");
  EXPECT_EQ(got["actor.id"], "ada");
  EXPECT_EQ(got["id"], "00ff:17");
  EXPECT_EQ(got["seq"], "17");
  EXPECT_EQ(got["context.sequence"], "00ff");
  EXPECT_EQ(got["attributes.stream"], "/var/log/auth.log");
  EXPECT_EQ(got["attributes.host"], "web-1");  // the record's own goes first
  EXPECT_NE(got.original.find("Accepted publickey"), std::string::npos);
}

TEST(RecordsDoor, another_line_is_kept_whole_and_its_writer_acts) {
  const Got got =
      one(R"({"format":"line","record":"backup done","host":"web-1","peer":{"pid":7,"uid":1000,"user":"ada","exe":"/b"}})");
  EXPECT_EQ(got["action"], "line.event");
  EXPECT_EQ(got["message"], "backup done");
  EXPECT_EQ(got["actor.id"], "ada");
  EXPECT_EQ(got["attributes.host"], "web-1");
  EXPECT_EQ(got["attributes.peer.exe"], "/b");
  EXPECT_EQ(got.derived.find("unattributed"), std::string::npos);
  EXPECT_EQ(one(R"({"format":"line","record":{"$base64":"/w=="}})").original, R"({"$base64":"/w=="})");
}

TEST(RecordsDoor, a_document_has_its_own_id_and_the_senders_number) {
  const Got got =
      one(R"({"format":"k8s-audit","record":"{\"auditID\":\"a\",\"stage\":\"Panic\",\"verb\":\"get\"}","id":"x","seq":3})");
  EXPECT_EQ(got["id"], "a/Panic");
  EXPECT_EQ(got["seq"], "3");
  EXPECT_EQ(one(R"({"format":"json","record":{"a":1},"id":"x"})")["id"], "x");
}

TEST(RecordsDoor, a_native_event_is_kept_as_it_is_beside_its_number) {
  const std::string event = R"({"time":"2026-11-23T16:19:59Z","action":"x","attributes":{"$a":1},"outcome":"success"})";
  const Got got =
      one(R"({"format":"event","record":)" + event + R"(,"seq":3,"sequence":"s","id":"s:3","stream":"sock","peer":{"uid":7}})");
  EXPECT_EQ(
      got.event,
      R"({"id":"s:3","seq":3,"time":"2026-11-23T16:19:59Z","action":"x","attributes":{"$a":1,"stream":"sock","peer":{"uid":7}},)"
      R"("outcome":"success","actor":{"type":"user","id":"7"},"context":{"sequence":"s"}})");
  EXPECT_EQ(got.derived, R"({"by":"stele/native@1","fields":["actor"]})");
  EXPECT_NE(got.original.find(R"(\"attributes\":{\"$a\":1})"), std::string::npos);
  EXPECT_EQ(one(R"({"format":"event","record":)" + event + R"(,"id":"x","peer":{}})")["action"],
            "stele.quarantined");  // no actor
  EXPECT_EQ(one(R"({"format":"event","record":{"time":"2026-11-23T16:19:59Z","actor":{"type":"user","id":"a"},"action":"x"}})")
                .original,
            "");
}

TEST(RecordsDoor, a_native_event_with_an_id_of_its_own_keeps_it_and_what_it_said) {
  const Got got = one(
      R"({"format":"event","record":{"id":"own","seq":7,"time":"2026-11-23T16:19:59Z","actor":{"type":"user","id":"a"},"action":"x"},)"
      R"("id":"s:4","seq":4,"host":"h"})");
  EXPECT_EQ(got["id"], "own");
  EXPECT_EQ(got["seq"], "4");
  EXPECT_EQ(got["attributes.host"], "h");
  EXPECT_NE(got.original.find(R"(\"seq\":7)"), std::string::npos);
}

// Goal: what the kernel says of who wrote to a socket cannot be replaced by what was written.
TEST(RecordsDoor, a_native_event_cannot_claim_a_peer) {
  const Got got = one(
      R"({"format":"event","record":{"time":"2026-11-23T16:20:00Z","action":"x","actor":{"type":"user","id":"root"},)"
      R"("context":{"sequence":"mine","request":"r"},"attributes":{"peer":{"uid":0},"host":"db","n":1}},"seq":4,"sequence":"00ff",)"
      R"("host":"web-1","peer":{"pid":7,"uid":1000,"user":"eve","exe":"/b"}})");
  EXPECT_EQ(got["attributes.peer.user"], "eve");
  EXPECT_EQ(got["attributes.claimed_peer.uid"], "0");
  EXPECT_EQ(got["attributes.host"], "db");
  EXPECT_EQ(got["context.sequence"], "00ff");
  EXPECT_EQ(got["context.request"], "r");
}

// Goal: the sender's run replaces one that the record has, so that no key stands twice.
TEST(RecordsDoor, a_line_with_a_number_of_its_own_has_one_sequence) {
  const Got got = one(
      R"({"format":"line","record":"<13>1 - h a - - [meta sequenceId=\"1\"] password=hunter2","seq":9,"sequence":"00ff","id":"00ff:9"})");
  EXPECT_EQ(got["context"], R"({"sequence":"00ff"})");
  EXPECT_EQ(got["seq"], "9");
  EXPECT_EQ(got.event.find("hunter2"), std::string::npos);
}

// Goal: whatever a sender says of what cannot be understood, it is kept.
TEST(RecordsDoor, keeps_what_is_quarantined_with_the_longest_circumstances) {
  std::string text;
  for (int i = 0; i < 1024; ++i) text += "\\u0001";
  const Got got = one(R"({"format":"json","record":")" + text + text + text + R"(","id":")" + text + R"(","sequence":")" + text +
                      R"(","stream":")" + text + R"(","host":")" + text + "\"}");
  EXPECT_EQ(got["action"], "stele.quarantined");
}

TEST(RecordsDoor, an_access_log_is_understood_or_quarantined) {
  const Got good =
      one(R"({"format":"access-log","record":"203.0.113.9 - ada [23/Nov/2026:16:20:00 +0000] \"POST /x HTTP/1.1\" 200 1"})");
  EXPECT_EQ(good["action"], "http.POST");
  EXPECT_EQ(good["time"], "2026-11-23T16:20:00.000000000Z");
  const Got bad = one(R"({"format":"access-log","record":"no","id":"i","seq":9,"sequence":"q","stream":"/s","host":"h"})");
  EXPECT_EQ(bad["action"], "stele.quarantined");
  EXPECT_EQ(bad["id"], "i");
  EXPECT_EQ(bad["seq"], "9");
  EXPECT_EQ(bad["context.sequence"], "q");
  EXPECT_EQ(bad["attributes.stream"], "/s");
  EXPECT_EQ(bad["attributes.host"], "h");
  EXPECT_EQ(bad["attributes.reason"], "no line of an access log");
}

TEST(RecordsDoor, what_is_no_record_is_quarantined_with_the_reason) {
  const auto all = sent(R"(7
no
{"record":"x"}
{"format":"line"}
{"format":"new","record":"x"}
{"format":"line","record":1}
{"format":"line","record":"x","seq":"1"}
{"format":"line","record":"x","peer":7}
{"format":"event","record":{}}
{"format":"line","record":"start","length":2000000}
)");
  std::vector<std::string> reasons;
  for (const Got& got : all) reasons.push_back(got["attributes.reason"]);
  EXPECT_EQ(reasons, (std::vector<std::string>{"no object", "invalid_json", "it has no \"format\"", "it has no \"record\"",
                                               "the format \"new\" is not known", "\"record\" is no text",
                                               "\"seq\" is no whole number", "\"peer\" is no object",
                                               "missing /time: the required member \"time\" is missing", "oversized"}));
  EXPECT_EQ(all.back()["attributes.bytes"], "2000000");
}

TEST(RecordsDoor, refuses_an_empty_request_alone) {
  DoorBatch batch({"s", "records", "", ""}, testing::shipped_understanding(), 0);
  EXPECT_FALSE(make_records_door()->decode({}, "\n", batch).ok());
}

}  // namespace
}  // namespace stele::collect
