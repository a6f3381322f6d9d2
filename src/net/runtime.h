// The threads that do the network's work. Each runs an event loop of its own; a connection stays on one of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace stele::net {

class Runtime {
 public:
  explicit Runtime(unsigned threads);
  // Stops as stop() does.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Ends the loops and joins the threads; what is under way is abandoned. Idempotent.
  void stop();

  // Calls `f` on one of the threads after `millis`, unless stopped before.
  void after(std::int64_t millis, std::function<void()> f);

  struct Loops;  // net/loops.h, for this room alone
  [[nodiscard]] Loops& loops() { return *loops_; }

 private:
  std::unique_ptr<Loops> loops_;
};

}  // namespace stele::net
