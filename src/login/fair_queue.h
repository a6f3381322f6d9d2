// Whose turn it is, where each takes long and anybody may come: fair queueing (Nagle, RFC 970), the known before strangers.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace stele::login {

// Who waits: counted with others of the same key, the network of a stranger or the identity of who is known.
struct Flow {
  std::string key;
  bool known = false;  // by what a stranger cannot have
};

// Not thread-safe.
class FairQueue {
 public:
  struct Limits {
    std::size_t of_flow = 8;
    std::size_t of_all = 64;  // of those that are known, and as many of those that are not
  };
  struct Task {
    std::function<void()> run;
    std::function<void()> refuse;
  };

  explicit FairQueue(Limits limits) : known_(limits), strangers_(limits) {}

  // Who finds no room, to be refused: the task itself where its flow has its share, or no flow has more than it; else the last
  // of the flow that has most. Nothing: all wait.
  [[nodiscard]] std::optional<Task> push(const Flow& flow, Task task);
  // One that goes on with what was begun, in its turn: it waits for nobody and is never refused.
  void resume(Task task) { resumed_.push_back(std::move(task)); }
  // The next: of each flow one in turn. Of those that are known three before one that is not.
  [[nodiscard]] std::optional<Task> pop();

 private:
  class Flows {
   public:
    explicit Flows(Limits limits) : limits_(limits) {}
    std::optional<Task> push(const std::string& key, Task task);
    std::optional<Task> pop();
    [[nodiscard]] bool empty() const { return turns_.empty(); }

   private:
    Limits limits_;
    std::map<std::string, std::deque<Task>> waiting_;  // none is empty
    std::deque<std::string> turns_;                    // the keys, as they come
    std::size_t all_ = 0;
  };

  std::deque<Task> resumed_;
  Flows known_;
  Flows strangers_;
  unsigned known_in_a_row_ = 0;
};

}  // namespace stele::login
