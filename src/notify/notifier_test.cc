// The notifier on a real log, with destinations that do what a test needs.
#include "notify/notifier.h"

#include <gtest/gtest.h>

#include <set>

#include "event/internal_event.h"
#include "support/http_fixture.h"
#include "support/real_log.h"

namespace stele::notify {
namespace {

using testing::RealLog;

// What arrived, shared by a destination and its test over several lives of a notifier.
struct Inbox {
  std::mutex mutex;
  std::vector<Notice> taken;
  std::atomic<int> fail{0};  // so many tries
  std::atomic<bool> hang{false};
  std::atomic<int> tries{0};

  std::size_t count() {
    const std::lock_guard lock(mutex);
    return taken.size();
  }
};

class Scripted final : public Destination {
 public:
  Scripted(std::string name, Inbox& inbox) : name_(std::move(name)), inbox_(inbox) {}
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string place() const override { return "here"; }
  [[nodiscard]] std::string key() const override { return "test:" + name_; }
  Status send(const Notice& notice, const std::atomic<bool>& stop) override {
    ++inbox_.tries;
    while (inbox_.hang && !stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (stop) return unavailable("stopped");
    if (inbox_.fail > 0) {
      --inbox_.fail;
      return unavailable("told to fail");
    }
    const std::lock_guard lock(inbox_.mutex);
    inbox_.taken.push_back(notice);
    return {};
  }

 private:
  std::string name_;
  Inbox& inbox_;
};

class NotifierTest : public ::testing::Test {
 protected:
  void write(event::EntryBatch batch) { ASSERT_TRUE(log_.write(std::move(batch))); }

  void say(const std::string& subject, std::string_view action = "stele.source.gap") {
    event::InternalEvent event;
    event.time = system_clock().now();
    event.action = action;
    event.severity = "warning";
    event.message = "Something is missing.";
    event.targets = {{"source", subject}};
    write(*event::internal_batch(event));
  }

  void write_others(int count) {
    event::EntryBatch batch(event::Source{"app", "http", "127.0.0.1:1", ""});
    for (int i = 0; i < count; ++i) {
      const std::string text = R"({"time":"2026-11-23T16:20:00Z","actor":{"type":"user","id":"u"},"action":"stele.source.gap"})";
      ASSERT_TRUE(batch.add(text, {}, {}, {}));
    }
    write(std::move(batch));
  }

  std::unique_ptr<Notifier> start(std::vector<std::pair<std::string, Inbox*>> to, std::int64_t quiet = 0) {
    std::vector<std::unique_ptr<Destination>> destinations;
    for (auto& [name, inbox] : to) destinations.push_back(std::make_unique<Scripted>(name, *inbox));
    NotifierOptions options;
    options.log_name = "main";
    options.state_file = log_.path("notify.json");
    options.quiet = quiet;
    options.look_every = 1'000'000;
    options.retry_first = 1'000'000;
    options.retry_most = 4'000'000;
    options.say = [this](NotifierOptions::Level, const std::string& what) {
      const std::lock_guard lock(said_mutex_);
      said_ += what + "\n";
    };
    auto started = Notifier::start(io::posix(), *log_, std::move(destinations), std::move(options), system_clock());
    EXPECT_TRUE(started) << started.error().message;
    return std::move(*started);
  }

  std::string said() {
    const std::lock_guard lock(said_mutex_);
    return said_;
  }

  RealLog log_;
  std::mutex said_mutex_;
  std::string said_;
};

// Goal: Stele's own entries and no others are told, each once and in order, from where the notifier first began.
TEST_F(NotifierTest, tells_of_what_was_written_since_it_first_began) {
  say("before");
  Inbox inbox;
  const auto notifier = start({{"one", &inbox}});
  write_others(700);
  for (int i = 0; i < 5; ++i) say("s" + std::to_string(i));
  ASSERT_TRUE(testing::soon([&] { return inbox.count() == 5; }));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(inbox.taken[i].subject, "s" + std::to_string(i));
    EXPECT_EQ(inbox.taken[i].index, 701 + i);
    EXPECT_EQ(inbox.taken[i].log, "log.example/test");
  }
}

// Goal: what is written while nothing runs is told by the next life, what was told is not told again.
TEST_F(NotifierTest, goes_on_where_an_earlier_life_ended) {
  Inbox inbox;
  for (int life = 0; life < 4; ++life) {
    const auto notifier = start({{"one", &inbox}});
    say("live" + std::to_string(life));
    ASSERT_TRUE(testing::soon([&] { return inbox.count() == static_cast<std::size_t>(2 * life + 1); }));
    notifier->drain();
    say("between" + std::to_string(life));
    if (life == 3) break;
    const auto next = start({{"one", &inbox}});
    ASSERT_TRUE(testing::soon([&] { return inbox.count() == static_cast<std::size_t>(2 * life + 2); }));
  }
  EXPECT_EQ(inbox.count(), 7U);
}

// Goal: one that hangs and one that fails hold up neither the third nor the end of the process.
TEST_F(NotifierTest, lets_no_destination_hold_up_another) {
  Inbox hangs;
  Inbox fails;
  Inbox well;
  hangs.hang = true;
  fails.fail = 1'000'000;
  auto notifier = start({{"hangs", &hangs}, {"fails", &fails}, {"well", &well}});
  for (int i = 0; i < 3; ++i) say("s" + std::to_string(i));
  ASSERT_TRUE(testing::soon([&] { return well.count() == 3 && fails.tries > 3 && hangs.tries == 1; }));
  MetricsText gathered;
  notifier->append_metrics(gathered);
  const std::string metrics = gathered.text();
  EXPECT_NE(metrics.find("stele_notify_failing{log=\"main\",destination=\"fails\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("stele_notify_pending{log=\"main\",destination=\"hangs\"} 3\n"), std::string::npos) << metrics;
  EXPECT_NE(said().find("told to fail"), std::string::npos);
  notifier.reset();
  hangs.hang = false;
  fails.fail = 0;
  notifier = start({{"hangs", &hangs}, {"fails", &fails}, {"well", &well}});
  ASSERT_TRUE(testing::soon([&] { return hangs.count() == 3 && fails.count() == 3; }));
  EXPECT_EQ(well.count(), 3U);
}

// Goal: a destination that is added is told from then on; one that comes back is new.
TEST_F(NotifierTest, begins_at_the_end_for_a_new_destination) {
  Inbox old;
  Inbox fresh;
  auto notifier = start({{"old", &old}});
  say("a");
  ASSERT_TRUE(testing::soon([&] { return old.count() == 1; }));
  notifier.reset();
  say("b");
  notifier = start({{"old", &old}, {"fresh", &fresh}});
  ASSERT_TRUE(testing::soon([&] { return old.count() == 2; }));
  say("c");
  ASSERT_TRUE(testing::soon([&] { return old.count() == 3 && fresh.count() == 1; }));
  EXPECT_EQ(fresh.taken[0].subject, "c");
}

// Goal: what stands in no entry is told too, and survives a restart.
TEST_F(NotifierTest, tells_of_what_no_entry_could_hold) {
  Inbox inbox;
  inbox.hang = true;
  auto notifier = start({{"one", &inbox}});
  Notice notice{.kind = "log.stopped", .severity = "critical", .message = "m", .time = system_clock().now()};
  notice.id = notice_id(notice);
  notifier->tell(notice);
  ASSERT_TRUE(testing::soon([&] { return inbox.tries == 1; }));
  notifier.reset();
  inbox.hang = false;
  notifier = start({{"one", &inbox}});
  ASSERT_TRUE(testing::soon([&] { return inbox.count() == 1; }));
  EXPECT_EQ(inbox.taken[0].id, notice.id);
}

// Goal: a state that is damaged is said, and stops neither the server nor what comes after.
TEST_F(NotifierTest, says_that_its_state_is_damaged_and_goes_on) {
  ASSERT_TRUE(io::write_file(io::posix(), log_.path("notify.json"), "{\"stele_notify\":1", 0600));
  Inbox inbox;
  const auto notifier = start({{"one", &inbox}});
  EXPECT_NE(said().find("notify.json"), std::string::npos);
  say("a");
  ASSERT_TRUE(testing::soon([&] { return inbox.count() == 1; }));
}

}  // namespace
}  // namespace stele::notify
