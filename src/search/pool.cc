#include "search/pool.h"

#include <ctime>
#include <system_error>
#include <thread>
#include <utility>

#include "base/threads.h"

namespace stele::search {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr unsigned kBegunInARow = 3;
constexpr int kLongNice = 5;

// What this thread has computed in all.
nanoseconds computed() {
  timespec time{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

// Of the task that this thread has.
struct Turn {
  steady_clock::time_point at;
  nanoseconds computed{};
  nanoseconds before{};  // computed when the task began
  bool is_first = true;
  bool is_long = false;
};
thread_local Turn t_turn;

void begin_turn(bool is_first) {
  t_turn.at = steady_clock::now();
  t_turn.computed = computed();
  t_turn.is_first = is_first;
  if (is_first) t_turn.before = t_turn.computed;
}

}  // namespace

bool Pool::submit(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= waiting_max_) return false;
  waiting_.push_back(std::move(task));
  if (idle_ < waiting_.size() && threads_ < kBegunMax) {
    try {
      std::thread([this] { work(); }).detach();  // here: a thread has the priority of who makes it
      ++threads_;
      ++idle_;
    } catch (const std::system_error&) {
      // Those that there are take it up.
      if (threads_ == 0) {
        waiting_.pop_back();
        return false;
      }
    }
  }
  hand_out();
  return true;
}

void Pool::drain() {
  std::deque<std::function<void()>> dropped;
  std::unique_lock lock(mutex_);
  stopping_ = true;
  dropped.swap(waiting_);
  granted_ = 0;
  for (Paused* one : paused_) one->resumed.notify_one();
  paused_.clear();
  begins_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

// One that has begun before goes on now and then, whoever else begins.
bool Pool::is_fresh_next() const {
  const bool can = waiting_.size() > granted_ && idle_ > granted_;
  return can && (paused_.empty() || resumed_ > 0 || begun_in_a_row_ < kBegunInARow);
}

// With the lock held.
void Pool::hand_out() {
  while (running_ < at_once_ && !stopping_) {
    if (is_fresh_next()) {
      ++granted_;
      ++begun_in_a_row_;
      begins_.notify_one();
    } else if (!paused_.empty()) {
      paused_.front()->has_turn = true;
      paused_.front()->resumed.notify_one();
      paused_.pop_front();
      ++resumed_;
      begun_in_a_row_ = 0;
    } else {
      break;
    }
    ++running_;
  }
  others_begin_ = waiting_.size() > granted_ && idle_ > granted_;
}

// Asking what was computed is dear, and so the clock is asked first.
bool Pool::is_turn_over() const {
  const nanoseconds most = !t_turn.is_first && others_begin_.load(std::memory_order_relaxed) ? kShortTurn : kTurn;
  return steady_clock::now() - t_turn.at >= most && computed() - t_turn.computed >= most;
}

// With the lock held.
void Pool::end_turn() {
  --running_;
  if (!t_turn.is_first) --resumed_;
  hand_out();
}

bool Pool::take_turns() {
  if (stopping_.load(std::memory_order_relaxed)) return false;
  if (!is_turn_over()) return true;
  if (!t_turn.is_long && computed() - t_turn.before >= kLong) {
    t_turn.is_long = true;
    work_in_background(kLongNice);
  }
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  if (waiting_.size() <= granted_ && paused_.empty()) {
    lock.unlock();
    t_turn.at = steady_clock::now();
    t_turn.computed = computed();
    return true;
  }
  Paused self;
  paused_.push_back(&self);
  end_turn();
  self.resumed.wait(lock, [&] { return stopping_ || self.has_turn; });
  lock.unlock();
  begin_turn(false);
  return !stopping_;
}

// A thread of lower priority cannot have the other one back, and ends with its task unless more wait than others can take up.
void Pool::work() {
  name_this_thread("search");
  std::unique_lock lock(mutex_);
  while (!t_turn.is_long || waiting_.size() > idle_ - 1) {
    begins_.wait(lock, [this] { return stopping_ || granted_ > 0; });
    if (stopping_) break;
    std::function<void()> task = std::move(waiting_.front());
    waiting_.pop_front();
    --granted_;
    --idle_;
    lock.unlock();
    begin_turn(true);
    task();
    task = nullptr;
    lock.lock();
    ++idle_;
    end_turn();
  }
  --threads_;
  --idle_;
  if (threads_ == 0) ended_.notify_all();
}

}  // namespace stele::search
