#include "net/runtime.h"

#include "base/threads.h"
#include "net/loops.h"

namespace stele::net {

Runtime::Runtime(unsigned threads) : loops_(std::make_unique<Loops>()) {
  for (unsigned i = 0; i < std::max(1U, threads); ++i) {
    auto& loop = *loops_->loops.emplace_back(std::make_unique<Loops::Loop>());
    loop.thread = std::thread([&loop] {
      name_this_thread("loop");
      work_promptly();
      loop.context.run();
    });
  }
}

Runtime::~Runtime() {
  stop();
  // What is abandoned on one loop may hold what belongs to another: all of it goes while every loop is still there. Each
  // round destroys what the one before put into a queue.
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    for (auto& loop : loops_->loops) loop->context.abandon();
  }
}

void Runtime::stop() {
  for (auto& loop : loops_->loops) loop->context.stop();
  for (auto& loop : loops_->loops) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

void Runtime::after(std::int64_t millis, std::function<void()> f) {
  auto timer = std::make_shared<asio::steady_timer>(loops_->next(), std::chrono::milliseconds(millis));
  timer->async_wait([timer, f = std::move(f)](const boost::system::error_code& error) {
    if (!error) f();
  });
}

void Signal::fire() {
  asio::post(executor_, [self = shared_from_this()] { self->fire_here(); });
}

void Signal::fire_here() {
  if (waiter_ != nullptr)
    std::exchange(waiter_, nullptr)->resume();
  else
    fired_ = true;
}

asio::awaitable<void> Signal::wait(const std::weak_ptr<Signal>& signal) {
  // Named, and capturing only a reference: GCC 12 destroys the captures of a temporary in a co_await expression twice.
  const auto initiate = [&signal]<typename Handler>(Handler&& handler) {
    struct Holder final : Waiter {
      explicit Holder(Handler&& h) : held(std::move(h)) {}
      void resume() override { std::move(held)(); }
      std::decay_t<Handler> held;
    };
    const auto self = signal.lock();
    if (self == nullptr) return;  // the handler goes, and the coroutine with it
    auto waiter = std::make_unique<Holder>(std::forward<Handler>(handler));
    if (std::exchange(self->fired_, false))
      asio::post(self->executor_, [waiter = std::move(waiter)] { waiter->resume(); });
    else
      self->waiter_ = std::move(waiter);
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
}

}  // namespace stele::net
