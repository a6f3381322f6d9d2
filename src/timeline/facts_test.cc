// What is read of entries, as the normalisers leave them.
#include "timeline/facts.h"

#include <gtest/gtest.h>

namespace stele::timeline {
namespace {

Facts of(const std::string& event) {
  return read_facts(R"({"stele":1,"id":"01a20935-07fb-7000-8908-070605040302","received":"2026-11-23T16:20:00.000000000Z",)"
                    R"("source":{"id":"web-1","kind":"records"},"event":)" +
                    event + "}");
}

// Goal: who became whom is read of su, sudo and PAM alike, and of nothing that failed or is no change.
TEST(Facts, tell_who_became_whom) {
  const auto event = [](const std::string& action, const std::string& outcome, const std::string& attributes) {
    return R"({"time":"2026-11-23T16:00:00Z","actor":{"type":"user","id":"ada"},"action":")" + action + R"(","outcome":")" +
           outcome + R"(","targets":[{"type":"account","id":"root"},{"type":"host","id":"web-1"}],"attributes":)" + attributes +
           "}";
  };
  const Facts sudo = of(event("sudo.run", "success", R"({"tty":"pts/0","pid":"810"})"));
  EXPECT_EQ(sudo.became, "root");
  EXPECT_EQ(sudo.program, "sudo");
  EXPECT_EQ(sudo.host, "web-1");
  EXPECT_EQ(sudo.terminal, "pts0");
  EXPECT_EQ(sudo.process, "810");
  EXPECT_EQ(sudo.time, parse_time("2026-11-23T16:00:00Z"));
  EXPECT_EQ(of(event("su.switch", "success", R"({"tty":"/dev/pts/0"})")).terminal, "pts0");
  EXPECT_EQ(of(event("su.switch", "success", "{}")).became, "root");
  EXPECT_EQ(of(event("session.open", "success", R"({"service":"su-l"})")).became, "root");
  EXPECT_EQ(of(event("session.open", "success", R"({"executable":"/usr/bin/sudo","pid":810})")).process, "810");
  EXPECT_EQ(of(event("session.open", "success", R"({"service":"cron"})")).became, "");
  EXPECT_EQ(of(event("sudo.run", "denied", "{}")).became, "");
  EXPECT_EQ(of(event("user.delete", "success", "{}")).became, "");
}

// Goal: what is no text, or is kept apart, ties nothing; what is no entry has nothing.
TEST(Facts, are_texts) {
  const Facts odd = of(R"({"time":"soon","actor":{"type":"user","id":{"$sealed":{"commitment":"x","bytes":3}}},"action":"a.b",)"
                       R"("context":{"session":["a"],"request_id":7},"origin":7,"attributes":"x","targets":{}})");
  EXPECT_EQ(odd.account + odd.session + odd.ip + odd.host + odd.became, "");
  EXPECT_EQ(odd.request, "7");
  EXPECT_EQ(odd.time, parse_time("2026-11-23T16:20:00Z"));
  EXPECT_EQ(read_facts("").action, "");
  EXPECT_EQ(read_facts("{\"event\":").action, "");
}

}  // namespace
}  // namespace stele::timeline
