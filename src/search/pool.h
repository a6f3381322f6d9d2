// Threads for searches, so that the network's own never wait for one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace stele::search {

// A few search at once, and many take turns, so that nobody waits for what others ask for long: who has computed for kTurn lets
// others go on before, and whatever begins goes before those. Who has computed for kLong does the rest at lower priority, so that
// what is not a search waits for it neither. Thread-safe.
class Pool {
 public:
  static constexpr std::chrono::milliseconds kTurn{20};
  static constexpr std::chrono::milliseconds kShortTurn{2};  // of those that go on, while others wait to begin
  static constexpr std::chrono::milliseconds kLong{100};
  static constexpr unsigned kBegunMax = 64;  // searches that take turns, a thread each; further ones wait to begin

  // `at_once` of them go on, at most kBegunMax; the processors are shared out by the system.
  Pool(unsigned at_once, std::size_t waiting_max) : at_once_(at_once), waiting_max_(waiting_max) {}
  // Stops as drain() does.
  ~Pool() { drain(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `task` on one of the threads. False, and nothing happens, when too many wait or it has been drained.
  [[nodiscard]] bool submit(std::function<void()> task);

  // To be called every few milliseconds by tasks, with no lock held, on their own thread: waits while it is the turn of others.
  // False once the task is to end.
  [[nodiscard]] bool take_turns();

  // Lets tasks that have begun end soon, drops the others, and waits for their threads. Idempotent.
  void drain();

 private:
  struct Paused {
    std::condition_variable resumed;
    bool has_turn = false;
  };
  void work();
  void hand_out();
  [[nodiscard]] bool is_fresh_next() const;
  [[nodiscard]] bool is_turn_over() const;
  void end_turn();

  const unsigned at_once_;
  const std::size_t waiting_max_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> others_begin_{false};  // some wait to
  std::mutex mutex_;                       // of all that follows
  std::condition_variable begins_;
  std::condition_variable ended_;
  std::deque<std::function<void()>> waiting_;  // that have not begun
  std::deque<Paused*> paused_;                 // that have, and wait for their next turn
  unsigned threads_ = 0;
  unsigned idle_ = 0;            // threads without a task
  unsigned running_ = 0;         // turns that are taken
  unsigned granted_ = 0;         // of these, to tasks that no thread has taken up yet
  unsigned resumed_ = 0;         // of these, that are not the task's first
  unsigned begun_in_a_row_ = 0;  // since one went on
};

}  // namespace stele::search
