// Threads for searches, so that the network's own never wait for one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace stele::search {

// Thread-safe.
class Pool {
 public:
  // As many searches go on at once; the processors are shared out by the system.
  Pool(unsigned threads, std::size_t waiting_max);
  // Stops as drain() does.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `task` on one of the threads. False, and nothing happens, when too many wait or it has been drained.
  [[nodiscard]] bool submit(std::function<void()> task);

  // False once it is to end: asked by tasks that take long.
  [[nodiscard]] bool goes_on() const { return !stopping_.load(std::memory_order_relaxed); }
  // Lets tasks that run end soon, drops those that wait. Idempotent.
  void drain();

 private:
  void work();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace stele::search
