// The threads behind the network: what is called later, and what a stop leaves.
#include "net/runtime.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "support/http_fixture.h"

namespace stele::net {
namespace {

using testing::soon;
using Clock = std::chrono::steady_clock;

// Goal: what is to be called later is called once, not before its time, and not on the caller's thread.
TEST(Runtime, calls_later) {
  Runtime runtime(2);
  std::atomic<int> calls{0};
  std::atomic<std::thread::id> where;
  std::atomic<std::int64_t> waited{0};
  const auto began = Clock::now();
  runtime.after(60, [&] {
    waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count();
    where = std::this_thread::get_id();
    ++calls;
  });
  runtime.after(0, [&] { ++calls; });
  ASSERT_TRUE(soon([&] { return calls == 2; }));
  EXPECT_GE(waited, 60);
  EXPECT_NE(where.load(), std::this_thread::get_id());
  ::usleep(20'000);
  EXPECT_EQ(calls, 2);
}

// Goal: what is called may itself ask to be called later, as a watch does for as long as the server runs.
TEST(Runtime, calls_again_and_again) {
  Runtime runtime(1);
  std::atomic<int> calls{0};
  std::function<void()> again = [&] {
    if (++calls < 20) runtime.after(1, again);
  };
  runtime.after(1, again);
  EXPECT_TRUE(soon([&] { return calls == 20; }));
  runtime.stop();
}

// Goal: a stop calls nothing any more, may come twice, and what waited is let go with the runtime.
TEST(Runtime, lets_go_of_what_waits_when_it_stops) {
  const auto held = std::make_shared<int>(1);
  std::atomic<int> calls{0};
  {
    Runtime runtime(3);
    for (int i = 0; i < 30; ++i) runtime.after(60'000, [held, &calls] { ++calls; });
    EXPECT_GT(held.use_count(), 1);
    runtime.stop();
    runtime.stop();
    runtime.after(0, [held, &calls] { ++calls; });
  }
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(held.use_count(), 1);
}

// Goal: no threads asked for is one, for nothing would be answered otherwise.
TEST(Runtime, has_one_thread_at_least) {
  Runtime runtime(0);
  std::atomic<bool> called{false};
  runtime.after(0, [&] { called = true; });
  EXPECT_TRUE(soon([&] { return called.load(); }));
}

}  // namespace
}  // namespace stele::net
