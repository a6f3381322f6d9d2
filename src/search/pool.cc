#include "search/pool.h"

#include <utility>

#include "base/threads.h"

namespace stele::search {

Pool::Pool(unsigned at_once, std::size_t waiting_max) : at_once_(at_once), waiting_max_(waiting_max), idle_(kBegunMax) {
  for (unsigned i = 0; i < kBegunMax; ++i) threads_.emplace_back([this] { work(); });
}

Pool::~Pool() { drain(); }

bool Pool::submit(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= waiting_max_) return false;
  waiting_.push_back(std::move(task));
  hand_out();
  return true;
}

void Pool::drain() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
    for (Paused* one : paused_) one->resumed.notify_one();
    paused_.clear();
  }
  begins_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

// What begins is mostly done within its first turn, and so goes before; but now and then the others go on too.
bool Pool::is_fresh_next() const {
  constexpr unsigned kOthersEach = 4;
  const bool can = waiting_.size() > granted_ && idle_ > granted_;
  return can && (paused_.empty() || turns_ % kOthersEach != 0);
}

// With the lock held.
void Pool::hand_out() {
  while (running_ < at_once_ && !stopping_) {
    ++turns_;
    if (is_fresh_next()) {
      ++granted_;
      begins_.notify_one();
    } else if (!paused_.empty()) {
      paused_.front()->has_turn = true;
      paused_.front()->resumed.notify_one();
      paused_.pop_front();
    } else {
      return;
    }
    ++running_;
  }
}

namespace {

// When the turn of this thread's task began.
thread_local std::chrono::steady_clock::time_point t_turn_began;

}  // namespace

bool Pool::take_turns() {
  if (stopping_.load(std::memory_order_relaxed)) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - t_turn_began < kTurn) return true;
  t_turn_began = now;
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  if (waiting_.size() <= granted_ && paused_.empty()) return true;
  Paused self;
  paused_.push_back(&self);
  --running_;
  hand_out();
  self.resumed.wait(lock, [&] { return stopping_ || self.has_turn; });
  t_turn_began = std::chrono::steady_clock::now();
  return !stopping_;
}

void Pool::work() {
  name_this_thread("search");
  std::unique_lock lock(mutex_);
  for (;;) {
    begins_.wait(lock, [this] { return stopping_ || granted_ > 0; });
    if (stopping_) return;
    std::function<void()> task = std::move(waiting_.front());
    waiting_.pop_front();
    --granted_;
    --idle_;
    lock.unlock();
    t_turn_began = std::chrono::steady_clock::now();
    task();
    task = nullptr;
    lock.lock();
    --running_;
    ++idle_;
    hand_out();
  }
}

}  // namespace stele::search
