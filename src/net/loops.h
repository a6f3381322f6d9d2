// Asio behind Runtime. Only sources of this room include it.
#pragma once

#include <atomic>
#include <boost/asio.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "net/runtime.h"

namespace stele::net {

namespace asio = boost::asio;

struct Runtime::Loops {
  struct Context : asio::io_context {
    Context() : asio::io_context(1) {}
    // Destroys what waits in it: handlers, and the coroutines in them.
    void abandon() { shutdown(); }
  };
  struct Loop {
    Context context;
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::thread thread;
  };
  std::vector<std::unique_ptr<Loop>> loops;
  std::atomic<unsigned> turn{0};

  // The loops in turn.
  asio::io_context& next() { return loops[turn++ % loops.size()]->context; }
};

using Socket = asio::generic::stream_protocol::socket;

// Completes from any thread what one coroutine waits for on its own loop, once or again and again. Whoever is to fire it owns it;
// the coroutine only refers to it, or each would keep the other alive.
class Signal : public std::enable_shared_from_this<Signal> {
 public:
  explicit Signal(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void fire();
  // The same from the loop itself: whoever waits goes on before this returns.
  void fire_here();
  // Returns once it was fired, since the last wait if there was one. When the last owner lets go without that, the coroutine is
  // unwound from here. `signal` outlives the wait.
  static asio::awaitable<void> wait(const std::weak_ptr<Signal>& signal);
  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void resume() = 0;
  };

  asio::any_io_executor executor_;
  std::unique_ptr<Waiter> waiter_;  // only touched on the loop, like fired_
  bool fired_ = false;
};

}  // namespace stele::net
