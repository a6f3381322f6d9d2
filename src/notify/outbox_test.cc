// What is told once, what is summed up, and that nothing is lost between.
#include "notify/outbox.h"

#include <gtest/gtest.h>

#include "notify/state.h"

namespace stele::notify {
namespace {

constexpr std::int64_t kQuiet = 600;
constexpr UnixNanos kStart = 1'795'000'000'000'000'000;

Notice notice(const std::string& id, const std::string& kind = "source.gap", const std::string& subject = "gate-1",
              UnixNanos time = kStart) {
  return {
      .id = id, .kind = kind, .severity = "warning", .subject_type = "source", .subject = subject, .message = "m", .time = time};
}

Outbox through_json(const Outbox& outbox) {
  State state{.log = "ab", .next = 7, .outboxes = {}};
  state.outboxes.emplace("webhook:1", outbox);
  auto read = parse_state(state_json(state), kQuiet);
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_EQ(state_json(*read), state_json(state));
  return read->outboxes.at("webhook:1");
}

// Goal: the first goes out at once; the rest of the quiet time goes out as one, with its number.
TEST(Outbox, sums_up_what_repeats_within_the_quiet_time) {
  Outbox outbox(kQuiet);
  outbox.take(notice("a"), kStart);
  ASSERT_NE(outbox.next(kStart), nullptr);
  EXPECT_EQ(outbox.next(kStart)->id, "a");
  outbox.sent(kStart + 1);
  for (int i = 0; i < 42; ++i)
    outbox.take(notice("b" + std::to_string(i), "source.gap", "gate-1", kStart + 10 + i), kStart + 10 + i);
  EXPECT_EQ(outbox.pending(), 42U);
  EXPECT_EQ(outbox.next(kStart + kQuiet), nullptr);
  EXPECT_EQ(outbox.due(kStart + 60), kStart + 1 + kQuiet);
  const Notice* sum = outbox.next(kStart + 1 + kQuiet);
  ASSERT_NE(sum, nullptr);
  EXPECT_EQ(sum->id, "b41");
  EXPECT_EQ(sum->more, 41U);
  EXPECT_EQ(sum->since, kStart + 10);
  outbox.sent(kStart + 1 + kQuiet);
  EXPECT_EQ(outbox.pending(), 0U);
  EXPECT_FALSE(outbox.due(kStart + 2 * kQuiet));
}

// Goal: kinds and subjects do not wait for one another.
TEST(Outbox, keeps_topics_apart) {
  Outbox outbox(kQuiet);
  outbox.take(notice("a"), kStart);
  (void)outbox.next(kStart);
  outbox.sent(kStart);
  outbox.take(notice("b", "source.gap", "gate-2"), kStart + 1);
  outbox.take(notice("c", "source.silent"), kStart + 2);
  EXPECT_EQ(outbox.next(kStart + 3)->id, "b");
  outbox.sent(kStart + 3);
  EXPECT_EQ(outbox.next(kStart + 3)->id, "c");
}

// Goal: what is being tried is tried unchanged; what comes meanwhile waits behind it, and for the quiet time after it.
TEST(Outbox, leaves_alone_what_is_being_tried) {
  Outbox outbox(kQuiet);
  outbox.take(notice("a"), kStart);
  (void)outbox.next(kStart);
  outbox.take(notice("b"), kStart + 1);
  outbox.take(notice("c"), kStart + 2);
  EXPECT_EQ(outbox.next(kStart + 50)->id, "a");
  EXPECT_EQ(outbox.next(kStart + 50)->more, 0U);
  outbox.sent(kStart + 100);
  EXPECT_EQ(outbox.next(kStart + 101), nullptr);
  EXPECT_EQ(outbox.next(kStart + 100 + kQuiet)->more, 1U);
}

// Goal: a flood of subjects stays within its bound, and each is counted.
TEST(Outbox, counts_every_notice_of_a_flood) {
  Outbox outbox(kQuiet);
  constexpr std::uint64_t kFlood = 1000;
  for (std::uint64_t i = 0; i < kFlood; ++i)
    outbox.take(notice(std::to_string(i), "source.gap", "s" + std::to_string(i)), kStart);
  EXPECT_EQ(outbox.pending(), kFlood);
  std::uint64_t told = 0;
  std::size_t messages = 0;
  for (; const Notice* next = outbox.next(kStart + 5 * kQuiet); ++messages) {
    told += next->more + 1;
    outbox.sent(kStart);
  }
  EXPECT_EQ(told, kFlood);
  EXPECT_LE(messages, Outbox::kTopicsMax + 1);
}

// Goal: a restart goes on exactly where it was.
TEST(Outbox, survives_a_restart) {
  Outbox outbox(kQuiet);
  outbox.take(notice("a"), kStart);
  (void)outbox.next(kStart);
  outbox.sent(kStart);
  outbox.take(notice("b"), kStart + 1);
  outbox.take(notice("c"), kStart + 2);
  outbox.take(notice("d", "source.silent"), kStart + 3);
  (void)outbox.next(kStart + 3);
  Outbox again = through_json(outbox);
  EXPECT_EQ(again.pending(), 3U);
  EXPECT_EQ(again.next(kStart + 4)->id, "d");
  again.sent(kStart + 4);
  EXPECT_EQ(again.next(kStart + 4), nullptr) << "the quiet time is kept";
  EXPECT_EQ(again.next(kStart + kQuiet)->id, "c");
}

// Goal: a clock that is set back by a year holds nothing back for a year.
TEST(Outbox, is_not_held_up_by_a_clock_that_is_set_back) {
  Outbox outbox(kQuiet);
  outbox.take(notice("a"), kStart);
  (void)outbox.next(kStart);
  outbox.sent(kStart);
  outbox.take(notice("b"), kStart + 1);
  EXPECT_NE(outbox.next(kStart - 10 * kQuiet), nullptr);
}

// Goal: what is no state is refused, not half read.
TEST(Outbox, refuses_a_state_that_is_none) {
  for (const char* text : {"", "{}", R"({"stele_notify":2,"log":"ab","next":1,"destinations":{}})",
                           R"({"stele_notify":1,"log":"ab","next":-1,"destinations":{}})",
                           R"({"stele_notify":1,"log":"ab","next":1,"destinations":{"x":{"waiting":[{}],"quiet":[]}}})",
                           R"({"stele_notify":1,"log":"ab","next":1,"destinations":{"x":{"trying":{}}}})"})
    EXPECT_FALSE(parse_state(text, kQuiet)) << text;
}

}  // namespace
}  // namespace stele::notify
