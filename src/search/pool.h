// Threads for searches, so that the network's own never wait for one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace stele::search {

// Few search at once, and many take turns: who has searched for kTurn lets others go on before, so that nobody waits for what
// others ask for long. Thread-safe.
class Pool {
 public:
  static constexpr std::chrono::milliseconds kTurn{20};
  static constexpr unsigned kBegunMax = 64;  // searches that take turns, a thread each; further ones wait to begin

  // `at_once` of them go on, at most kBegunMax; the processors are shared out by the system.
  Pool(unsigned at_once, std::size_t waiting_max);
  // Stops as drain() does.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `task` on one of the threads. False, and nothing happens, when too many wait or it has been drained.
  [[nodiscard]] bool submit(std::function<void()> task);

  // To be called every few milliseconds by tasks, with no lock held, on their own thread: waits while it is the turn of others.
  // False once the task is to end.
  [[nodiscard]] bool take_turns();
  // Lets tasks that run end soon, drops those that wait. Idempotent.
  void drain();

 private:
  struct Paused {
    std::condition_variable resumed;
    bool has_turn = false;
  };
  void work();
  void hand_out();
  [[nodiscard]] bool is_fresh_next() const;

  const unsigned at_once_;
  const std::size_t waiting_max_;
  std::mutex mutex_;  // of all that follows
  std::condition_variable begins_;
  std::deque<std::function<void()>> waiting_;  // that have not begun
  std::deque<Paused*> paused_;                 // that have, and wait for their next turn
  unsigned running_ = 0;                       // turns that are taken
  unsigned granted_ = 0;                       // of these, to tasks that no thread has taken up yet
  unsigned idle_ = 0;                          // threads without a task
  unsigned turns_ = 0;                         // handed out, modulo
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace stele::search
