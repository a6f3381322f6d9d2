#include "login/fair_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "login/fair_pool.h"

namespace stele::login {
namespace {

class FairQueueTest : public ::testing::Test {
 protected:
  // Who was refused for it: "" nobody.
  std::string push(FairQueue& queue, const std::string& key, const std::string& name, bool known = false) {
    refused_.clear();
    const auto refused = queue.push({key, known}, task(name));
    if (refused) refused->refuse();
    return refused_;
  }
  FairQueue::Task task(const std::string& name) {
    return {[this, name] { order_ += name; }, [this, name] { refused_ = name; }};
  }
  std::string order(FairQueue& queue) {
    order_.clear();
    while (const auto task = queue.pop()) task->run();
    return order_;
  }

 private:
  std::string order_;
  std::string refused_;
};

TEST_F(FairQueueTest, each_flow_has_its_turn) {
  FairQueue queue({8, 64});
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_EQ(push(queue, "crowd", name), "");
  EXPECT_EQ(push(queue, "one", "1"), "");
  EXPECT_EQ(push(queue, "two", "2"), "");
  EXPECT_EQ(order(queue), "a12bcd");
  EXPECT_EQ(push(queue, "one", "1"), "");
  EXPECT_EQ(order(queue), "1");
}

TEST_F(FairQueueTest, who_has_most_makes_room) {
  FairQueue queue({3, 4});
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(push(queue, "crowd", name), "");
  EXPECT_EQ(push(queue, "crowd", "d"), "d") << "a flow has its share";
  EXPECT_EQ(push(queue, "one", "1"), "");
  EXPECT_EQ(push(queue, "two", "2"), "c") << "the last of who has most";
  EXPECT_EQ(push(queue, "three", "3"), "b");
  EXPECT_EQ(push(queue, "four", "4"), "4") << "all have one";
  EXPECT_EQ(order(queue), "a123");
}

TEST_F(FairQueueTest, the_known_go_before_and_leave_room) {
  FairQueue queue({8, 8});
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(push(queue, "crowd", name), "");
  for (const char* name : {"1", "2", "3", "4", "5"}) EXPECT_EQ(push(queue, "ada", name, true), "");
  EXPECT_EQ(push(queue, "bea", "X", true), "");
  EXPECT_EQ(order(queue), "1X2a345bc") << "three before one";
}

TEST_F(FairQueueTest, what_is_begun_goes_on_at_once) {
  FairQueue queue({1, 1});
  EXPECT_EQ(push(queue, "ada", "1", true), "");
  for (const char* name : {"a", "b", "c"}) queue.resume(task(name));
  EXPECT_EQ(push(queue, "ada", "2", true), "2");
  EXPECT_EQ(order(queue), "abc1");
}

TEST(FairPool, runs_each_once_and_refuses_the_rest_at_its_end) {
  std::atomic<int> ran{0};
  std::atomic<int> refused{0};
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  FairPool pool(2, {100, 100});
  for (int i = 0; i < 2; ++i)
    pool.submit(
        {"slow", false}, [&] { gone.wait(), ++ran; }, [&] { ++refused; });
  int submitted = 2;
  while (true) {  // until both are taken up, the queue has less room
    const int before = refused;
    submitted += 101;
    for (int i = 0; i < 101; ++i)
      pool.submit(
          {"fast", false}, [&] { ++ran; }, [&] { ++refused; });
    if (refused > before) break;
  }
  EXPECT_EQ(ran, 0);
  go.set_value();
  std::promise<void> last;
  pool.submit(
      {"last", true}, [&] { last.set_value(); }, [] { FAIL(); });
  last.get_future().wait();
  pool.drain();
  const int after = ran;
  EXPECT_GE(after, 2);
  EXPECT_EQ(after + refused, submitted) << "each was told";
  pool.submit(
      {"late", false}, [&] { ++ran; }, [&] { ++refused; });
  EXPECT_EQ(ran, after);
  EXPECT_EQ(ran + refused, submitted + 1);
}

}  // namespace
}  // namespace stele::login
