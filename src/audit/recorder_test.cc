// Goal: nothing is shown before its entry is durable; what comes in thousands makes few entries, and none of it goes uncounted.
#include "audit/recorder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "event/json_value.h"
#include "support/fixed.h"
#include "support/real_log.h"

namespace stele::audit {
namespace {

using testing::HandClock;
using testing::RealLog;

constexpr auto kSearched = OnRecord::each("stele.log.searched", "searched");
constexpr auto kCopied = OnRecord::gathered("stele.log.copied", "copied from");
const Doer kAdaByToken{"token:0123456789", "ada", "203.0.113.9"};

class RecorderTest : public ::testing::Test {
 protected:
  // Whether it may be shown.
  bool look(const OnRecord& kind, const std::string& query, const std::string& pages = {}, const Doer& doer = kAdaByToken,
            const std::string& path = "/x") {
    std::promise<Status> promise;
    if (recorder_.look({doer, kind, "main", path, query, "limit=1", pages}, [&](const Status& s) { promise.set_value(s); }))
      return true;
    const Status status = promise.get_future().get();
    if (!status) why_ = status.error().message;
    return status.ok();
  }
  void refuse(const std::string& address, const std::string& path, const Doer& doer = {}) {
    Doer from = doer;
    from.address = address;
    recorder_.refuse({from, "GET", path, "no token"});
  }
  // "action message" of all entries, once the log has that many.
  std::vector<std::string> entries(std::uint64_t count) {
    constexpr int kTries = 2'000;
    for (int i = 0; i < kTries && log_->store()->size() < count; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::vector<std::string> out;
    const auto bundle = log_->store()->read(0, log_->store()->size());
    EXPECT_TRUE(bundle.ok());
    EXPECT_TRUE(event::for_each_entry(*bundle, [&](std::string_view entry) {
      event::JsonTape tape;
      event::JsonError error;
      ASSERT_TRUE(tape.parse(entry, {}, error));
      const event::JsonValue event = event::JsonValue(tape)["event"];
      out.push_back(event["action"].text() + " " + event["message"].text());
    }));
    return out;
  }

  RealLog log_;
  HandClock clock_;
  Recorder recorder_{*log_, clock_};
  std::string why_;
};

TEST_F(RecorderTest, EachLookIsAnEntryAndItsPagesAreTheSame) {
  EXPECT_TRUE(look(kSearched, "a"));
  EXPECT_EQ(log_->store()->size(), 1U) << "durable before it may be shown";
  recorder_.begin_pages(kAdaByToken, "main", "snapshot-1");
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(look(kSearched, "a", "snapshot-1"));
  EXPECT_EQ(log_->store()->size(), 1U);
  EXPECT_TRUE(look(kSearched, "a", "snapshot-1", {"token:9999999999", "bob", "203.0.113.9"})) << "of another's search";
  EXPECT_TRUE(look(kSearched, "b", "snapshot-2")) << "of one that was never begun";
  EXPECT_TRUE(look(kSearched, "b", "snapshot-2")) << "the same";
  EXPECT_TRUE(look(kSearched, "a"));
  clock_.advance(3'601 * kSecond);
  EXPECT_TRUE(look(kSearched, "a", "snapshot-1"));
  const std::string ada = "stele.log.searched ada searched the log main: a";
  EXPECT_EQ(entries(5), (std::vector<std::string>{ada, "stele.log.searched bob searched the log main: a",
                                                  "stele.log.searched ada searched the log main: b", ada, ada}));
}

TEST_F(RecorderTest, AListOfManyPagesLeavesRoomForOthers) {
  RecorderOptions options;
  options.told_apart_max = 2;
  Recorder recorder(*log_, clock_, options);
  const auto is_told = [&](const std::string& pages) {
    std::promise<void> told;
    const bool now =
        recorder.look({kAdaByToken, kSearched, "main", "/x", "", "", pages}, [&](const Status&) { told.set_value(); });
    if (!now) told.get_future().wait();
    return now;
  };
  EXPECT_FALSE(is_told("from:0"));
  for (int i = 1; i < 100; ++i) {
    recorder.begin_pages(kAdaByToken, "main", "from:" + std::to_string(i), "from:" + std::to_string(i - 1));
    EXPECT_TRUE(is_told("from:" + std::to_string(i)));
  }
  recorder.begin_pages(kAdaByToken, "main", "another search");
  EXPECT_TRUE(is_told("another search"));
  EXPECT_FALSE(is_told("from:7")) << "out of turn";
}

TEST_F(RecorderTest, WhatIsTooLongToStandThereIsToldByItsHash) {
  const std::string sql = "/*" + std::string(5'000, ' ') + "*/ select 1";
  const event::InternalEvent event = look_event({kAdaByToken, kSearched, "main", "/x", sql, "", ""}, 0);
  const auto hash =
      std::ranges::find(event.attributes, "query_sha256", &std::pair<std::string, event::InternalEvent::Value>::first);
  ASSERT_NE(hash, event.attributes.end());
  EXPECT_EQ(std::get<std::string>(hash->second), hex_encode(as_byte_span(crypto::sha256(as_byte_span(sql)))));
}

TEST_F(RecorderTest, ManyOfOneKindAreTwoEntries) {
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(look(kCopied, "", "", kAdaByToken, "/tile/" + std::to_string(i)));
  EXPECT_TRUE(look(kCopied, "", "", {"token:9999999999", "bob", "203.0.113.9"}));
  recorder_.gather();
  EXPECT_EQ(log_->store()->size(), 2U);
  clock_.advance(601 * kSecond);
  recorder_.gather();
  const auto all = entries(3);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].find("stele.log.copied ada copied from the log main 499 times more since 2026-11-18T"), 0U) << all[2];
  EXPECT_TRUE(look(kCopied, ""));
  EXPECT_EQ(log_->store()->size(), 4U) << "and the next begins anew";
}

TEST_F(RecorderTest, RefusalsAreToldInFullAtFirst) {
  for (int i = 0; i < 1'000; ++i) refuse("198.51.100." + std::to_string(i % 256), "/" + std::to_string(i));
  refuse("2001:db8::1", "/v6");
  refuse("2001:db8::2", "/v6");
  refuse("198.51.100.1", "/known", kAdaByToken);
  clock_.advance(61 * kSecond);
  recorder_.gather();
  const auto all = entries(14);
  ASSERT_EQ(all.size(), 14U);
  EXPECT_EQ(all[0], "stele.access.refused somebody unknown of 198.51.100.0 was refused GET /0: no token");
  EXPECT_EQ(all[12], "stele.access.refused ada was refused GET /known: no token");
  EXPECT_EQ(all[13].find("stele.access.refused somebody unknown of 198.51.100.0/24 was refused 990 times more since "), 0U)
      << all[13];
}

TEST_F(RecorderTest, ManyNetworksAreCountedTogether) {
  RecorderOptions options;
  options.told_apart_max = 2;
  Recorder recorder(*log_, clock_, options);
  for (int i = 0; i < 100; ++i) recorder.refuse({{"", "", "198.51." + std::to_string(i) + ".1"}, "GET", "/", "no"});
  recorder.close();
  const auto all = entries(13);
  ASSERT_EQ(all.size(), 13U) << "two of their own, ten in full, and how many more";
  EXPECT_EQ(all[12].find("stele.access.refused somebody unknown of many networks was refused 88 times more"), 0U) << all[12];
}

TEST_F(RecorderTest, StrangersDoNotFillTheDisk) {
  for (int i = 0; i < 1'000; ++i)
    recorder_.refuse({{"", "", "198." + std::to_string(i % 250) + ".1.1"}, "GET", std::string(9'000, 'x'), "no"});
  recorder_.close();
  EXPECT_EQ(entries(550).size(), 550U) << "three hundred in full, and of each network how many more";
  EXPECT_LT(log_->store()->read(0, 1)->size(), 1'500U);
}

TEST_F(RecorderTest, WhatIsCountedIsAnEntryAtTheEnd) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(look(kCopied, ""));
  recorder_.close();
  EXPECT_EQ(entries(2).size(), 2U);
}

TEST_F(RecorderTest, NothingIsShownThatCannotBePutOnRecord) {
  log_->drain();
  EXPECT_FALSE(look(kSearched, "a"));
  EXPECT_NE(why_.find("goes on record first"), std::string::npos) << why_;
  EXPECT_FALSE(look(kCopied, ""));
  EXPECT_FALSE(look(kCopied, "")) << "a first that is not durable stands for nothing";
}

}  // namespace
}  // namespace stele::audit
