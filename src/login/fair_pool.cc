#include "login/fair_pool.h"

#include <optional>
#include <utility>

#include "base/threads.h"

namespace stele::login {

FairPool::FairPool(unsigned threads, FairQueue::Limits limits) : queue_(limits) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

void FairPool::submit(const Flow& flow, std::function<void()> run, std::function<void()> refuse) {
  std::optional<FairQueue::Task> refused;
  {
    const std::lock_guard lock(mutex_);
    FairQueue::Task task{std::move(run), std::move(refuse)};
    refused = stopping_ ? std::optional(std::move(task)) : queue_.push(flow, std::move(task));
  }
  changed_.notify_one();
  if (refused) refused->refuse();
}

void FairPool::resume(std::function<void()> run, std::function<void()> refuse) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      queue_.resume({std::move(run), std::move(refuse)});
      changed_.notify_one();
      return;
    }
  }
  refuse();
}

void FairPool::drain() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  while (const auto task = queue_.pop()) task->refuse();  // nobody else has it any more
}

void FairPool::work() {
  name_this_thread("login");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto task = queue_.pop();
    if (!task) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    task->run();
    task.reset();
    lock.lock();
  }
}

}  // namespace stele::login
