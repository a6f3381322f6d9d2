#include "login/fair_queue.h"

#include <algorithm>
#include <utility>

namespace stele::login {

std::optional<FairQueue::Task> FairQueue::Flows::push(const std::string& key, Task task) {
  const auto own = waiting_.find(key);
  const std::size_t has = own == waiting_.end() ? 0 : own->second.size();
  if (has >= limits_.of_flow) return task;
  std::optional<Task> refused;
  if (all_ >= limits_.of_all) {
    const auto most = std::max_element(waiting_.begin(), waiting_.end(),
                                       [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    if (most == waiting_.end() || most->second.size() <= has + 1) return task;
    refused = std::move(most->second.back());
    most->second.pop_back();
    --all_;
  }
  if (has == 0) turns_.push_back(key);
  waiting_[key].push_back(std::move(task));
  ++all_;
  return refused;
}

std::optional<FairQueue::Task> FairQueue::Flows::pop() {
  if (turns_.empty()) return std::nullopt;
  std::string key = std::move(turns_.front());
  turns_.pop_front();
  const auto flow = waiting_.find(key);
  Task task = std::move(flow->second.front());
  flow->second.pop_front();
  --all_;
  if (flow->second.empty())
    waiting_.erase(flow);
  else
    turns_.push_back(std::move(key));
  return task;
}

std::optional<FairQueue::Task> FairQueue::push(const Flow& flow, Task task) {
  return (flow.known ? known_ : strangers_).push(flow.key, std::move(task));
}

std::optional<FairQueue::Task> FairQueue::pop() {
  if (!resumed_.empty()) {
    Task task = std::move(resumed_.front());
    resumed_.pop_front();
    return task;
  }
  constexpr unsigned kInARow = 3;
  if (!known_.empty() && (known_in_a_row_ < kInARow || strangers_.empty())) {
    ++known_in_a_row_;
    return known_.pop();
  }
  known_in_a_row_ = 0;
  return strangers_.pop();
}

}  // namespace stele::login
