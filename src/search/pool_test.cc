// Goal: searches that take long let others go on, whoever begins and however many there are; nothing is left behind at the end.
#include "search/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace stele::search {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kSoon{60};

// Until all tasks of a test have run.
class Count {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++value_;
    changed_.notify_all();
  }
  bool reaches(unsigned wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kSoon, [&] { return value_ >= wanted; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned value_ = 0;
};

// Computes until `over`, or the pool says no.
void compute(Pool& pool, const std::atomic<bool>& over) {
  const auto end = steady_clock::now() + kSoon;
  while (!over && steady_clock::now() < end && pool.take_turns()) {}
}

TEST(Pool, RunsWhatIsShortWhileOthersTakeLong) {
  for (const unsigned long_ones : {1U, 5U, Pool::kBegunMax + 10}) {
    std::atomic<bool> over = false;
    Count ended;
    Count begun;
    Pool pool(1, 1000);
    for (unsigned i = 0; i < long_ones; ++i) {
      ASSERT_TRUE(pool.submit([&] {
        begun.add();
        compute(pool, over);
        ended.add();
      }));
    }
    // Where no thread is left, who has begun must end before another begins.
    const bool all_begin = long_ones < Pool::kBegunMax;
    ASSERT_TRUE(begun.reaches(all_begin ? long_ones : Pool::kBegunMax));
    Count short_ones;
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.submit([&] { short_ones.add(); }));
    if (all_begin) EXPECT_TRUE(short_ones.reaches(50)) << long_ones;
    over = true;
    EXPECT_TRUE(ended.reaches(long_ones));
    EXPECT_TRUE(short_ones.reaches(50)) << long_ones;
  }
}

TEST(Pool, LetsThoseThatWaitGoOnThoughOthersKeepBeginning) {
  std::atomic<bool> over = false;
  std::atomic<unsigned> turns = 0;
  Count ended;
  Pool pool(1, 1000);
  ASSERT_TRUE(pool.submit([&] {
    while (turns < 20 && pool.take_turns()) {
      const auto end = steady_clock::now() + Pool::kTurn;
      while (steady_clock::now() < end) {}
      ++turns;
    }
    over = true;
    ended.add();
  }));
  // Each begins the next, and so one always waits to begin.
  std::function<void()> again = [&] {
    if (!over) (void)pool.submit(again);
  };
  ASSERT_TRUE(pool.submit(again));
  EXPECT_TRUE(ended.reaches(1));
  EXPECT_EQ(turns, 20U);
  pool.drain();
}

TEST(Pool, DrainsWhatHasBegunAndWhatHasNot) {
  const std::atomic<bool> over = false;
  Count begun;
  std::atomic<unsigned> ended = 0;
  Pool pool(2, 1000);
  for (unsigned i = 0; i < Pool::kBegunMax + 50; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      begun.add();
      compute(pool, over);
      ++ended;
    }));
  }
  ASSERT_TRUE(begun.reaches(Pool::kBegunMax));
  pool.drain();
  EXPECT_EQ(ended, Pool::kBegunMax);
  pool.drain();
  EXPECT_FALSE(pool.submit([] {}));
  EXPECT_FALSE(pool.take_turns());
}

TEST(Pool, RefusesWhereTooManyWait) {
  std::mutex held;
  std::unique_lock lock(held);
  Count begun;
  Pool pool(1, 2);
  const auto wait = [&] {
    begun.add();
    const std::lock_guard until(held);
  };
  ASSERT_TRUE(pool.submit(wait));
  ASSERT_TRUE(begun.reaches(1));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  lock.unlock();
  Count after;
  const auto end = steady_clock::now() + kSoon;
  while (!pool.submit([&] { after.add(); }) && steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(after.reaches(1));
}

}  // namespace
}  // namespace stele::search
