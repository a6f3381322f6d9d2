// The sequencer when too much comes at once, or the disk fails.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "crash/gated_fs.h"
#include "crash/running.h"
#include "support/sim_fs.h"

namespace stele::testing {
namespace {

using log::Placed;

// Goal: what waits is bounded: beyond that a batch is refused as busy, what was taken is stored, and room comes back.
TEST(SequencerLimits, is_busy_when_too_much_waits) {
  SimFileSystem sim(1);
  GatedFileSystem fs(sim);
  log::SequencerOptions options = quick();
  options.queue_bytes_max = 20'000;
  Running running(fs, "log", options);
  fs.close();
  std::vector<std::future<Answer>> answers;
  answers.push_back(running.submit(one_event("s", "", "hangs")));
  fs.wait_for_arrival();
  std::size_t busy = 0;
  for (int i = 0; i < 100; ++i) answers.push_back(running.submit(one_event("s", "", std::string(500, 'x'))));
  fs.open();
  std::uint64_t stored = 0;
  for (auto& future : answers) {
    const Answer answer = future.get();
    if (answer.ok()) {
      ++stored;
      continue;
    }
    EXPECT_EQ(answer.error().code, Code::kBusy);
    ++busy;
  }
  EXPECT_GT(busy, 50U);
  EXPECT_GT(stored, 10U);
  EXPECT_EQ(running->counters().refused_busy, busy);
  EXPECT_TRUE(running.submit(one_event("s", "", "room again")).get().ok());
  running->drain();
  EXPECT_EQ(all_entries(*running->store()).size(), stored + 1);
}

// Goal: what was taken is answered, also when a conflict in it is to be written down and the queue is full by then.
TEST(SequencerLimits, settles_conflicts_when_too_much_waits) {
  SimFileSystem sim(1);
  GatedFileSystem fs(sim);
  log::SequencerOptions options = quick();
  options.queue_bytes_max = 4'000;
  options.group_bytes_max = 1;              // one batch a commit
  options.publish_every = 3'600 * kSecond;  // only commits sync
  Running running(fs, "log", options);
  ASSERT_TRUE(running.submit(one_event("s", "id", "m")).get().ok());
  fs.close();
  auto hangs = running.submit(one_event("s", "", "hangs"));
  fs.wait_for_arrival();
  auto conflict = running.submit(one_event("s", "id", "other"));
  std::vector<std::future<Answer>> others;
  for (int i = 0; i < 10; ++i) others.push_back(running.submit(one_event("s", "", std::string(500, 'x'))));
  EXPECT_GT(running->counters().refused_busy, 0U);
  // The conflict's own batch has nothing to write; the next commit hangs while it is settled.
  fs.let_through(1);
  fs.wait_for_arrival();
  EXPECT_EQ(conflict.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout) << "its note is not durable";
  fs.open();
  const Answer answer = conflict.get();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_TRUE(answer->placed[0].error.has_value());
  EXPECT_EQ(answer->placed[0].error->code, Code::kConflict);
  EXPECT_EQ(running->counters().conflicts, 1U);
  EXPECT_TRUE(hangs.get().ok());
  for (auto& other : others) other.wait();
}

// Goal: very many conflicts in one request are written down in a few commits, each with its note, and what is held back
// for them counts among what waits.
TEST(SequencerLimits, writes_many_conflicts_down_at_once) {
  constexpr std::uint64_t kEvents = 1'500;  // fewer than the window remembers
  SimFileSystem fs(8);
  Running running(fs);
  const auto batch = [&](const std::string& message) {
    auto all = batch_of("a");
    for (std::uint64_t i = 0; i < kEvents; ++i) add(all, "evt_" + std::to_string(i), message);
    return all;
  };
  ASSERT_TRUE(running.submit(batch("first")).get().ok());
  const std::uint64_t commits = running->counters().commits;
  const Answer answer = running.submit(batch("other")).get();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  for (const Placed& placed : answer->placed) ASSERT_TRUE(placed.error && placed.error->code == Code::kConflict);
  EXPECT_LE(running->counters().commits, commits + 4);
  EXPECT_EQ(running->counters().conflicts, kEvents);
  EXPECT_EQ(all_entries(*running->store()).size(), 2 * kEvents);
  const Answer repeated = running.submit(batch("first")).get();
  ASSERT_TRUE(repeated.ok());
  for (std::uint64_t i = 0; i < kEvents; ++i) ASSERT_TRUE(repeated->placed[i].repeated && repeated->placed[i].index == i);
  ASSERT_NO_FATAL_FAILURE(check_receipt(*repeated, running.identity().key));
  running->drain();
  EXPECT_EQ(running->queued_bytes(), 0U);
}

// Goal: a batch that no frame can hold is refused at the door, and harms nothing.
TEST(SequencerLimits, refuses_what_no_frame_can_hold) {
  SimFileSystem fs(1);
  log::SequencerOptions options = quick();
  options.queue_bytes_max = 1U << 30;
  Running running(fs, "log", options);
  auto batch = batch_of("s");
  const std::string long_message(65'000, 'x');
  while (batch.bytes().size() <= log::kFramePayloadBytesMax) add(batch, "", long_message);
  const Answer answer = running.submit(std::move(batch)).get();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::kTooLarge);
  EXPECT_FALSE(running->stopped().has_value());
  EXPECT_TRUE(running.submit(one_event("s", "", "small")).get().ok());
}

// Waits until the log takes events again.
bool comes_back(Running& running) {
  for (int i = 0; i < 4'000; ++i) {
    if (!running->stopped()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Goal: when the disk fails, those under way are told, nobody later is taken, what was acknowledged is read on; the log
// opens itself again, and events that are sent again are there once.
TEST(SequencerLimits, survives_a_failing_disk) {
  std::uint64_t stops = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimFileSystem fs(seed);
    Running running(fs);
    Prng prng(seed);
    std::map<std::string, std::uint64_t> places;  // event id → where it was acknowledged
    std::mutex mutex;
    const auto send_all = [&](int from, int to) {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
          for (int i = from + t; i < to; i += 4) {
            const std::string id = "evt_" + std::to_string(i);
            const Answer answer = running.submit(one_event("s", id, "message " + std::to_string(i))).get();
            if (!answer.ok()) {
              EXPECT_EQ(answer.error().code, Code::kUnavailable) << answer.error().message;
              continue;
            }
            check_receipt(*answer, running.identity().key);
            const std::lock_guard lock(mutex);
            const auto [place, fresh] = places.emplace(id, answer->placed[0].index);
            EXPECT_TRUE(fresh || place->second == answer->placed[0].index) << id << " has two places";
          }
        });
      }
    };
    send_all(0, 100);
    const bool full = prng.chance(1, 3);
    if (full)
      fs.set_capacity(fs.used() + prng.below(5'000));
    else
      fs.fail(prng.chance(1, 2) ? Op::kSync : Op::kWrite, 1 + prng.below(40));
    send_all(100, 500);
    for (const auto& [id, index] : places) {
      const auto entry = running->store()->read(index, 1);
      ASSERT_TRUE(entry.ok()) << id;
      EXPECT_NE(entry->find("\"id\":\"" + id + "\""), std::string::npos);
    }
    if (full) fs.set_capacity(std::nullopt);
    ASSERT_TRUE(comes_back(running));
    stops += running->counters().stops;
    send_all(0, 600);
    EXPECT_EQ(places.size(), 600U);
    fs.crash(prng.chance(1, 2) ? CrashKind::kPower : CrashKind::kKill);
    running.start();
    const auto entries = all_entries(*running->store());
    EXPECT_EQ(entries.size(), 600U) << "each event is there once";
    for (const auto& [id, index] : places) {
      ASSERT_LT(index, entries.size());
      EXPECT_NE(entries[index].find("\"id\":\"" + id + "\""), std::string::npos) << id;
    }
  }
  EXPECT_GE(stops, 4U) << "a failure may also hit a file that is made ahead, which stops nothing";
}

}  // namespace
}  // namespace stele::testing
