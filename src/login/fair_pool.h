// Threads for what anybody may ask for and takes long: a password's check, a question to the provider.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "login/fair_queue.h"

namespace stele::login {

// Takes turns as FairQueue does. Thread-safe.
class FairPool {
 public:
  explicit FairPool(unsigned threads, FairQueue::Limits limits = {});
  ~FairPool() { drain(); }
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  // Runs `run` on one of the threads, later. For who finds no room, it or another, calls his `refuse`, here; once it is drained
  // that alone.
  void submit(const Flow& flow, std::function<void()> run, std::function<void()> refuse);
  // Runs what goes on with something that is begun, as FairQueue::resume(); `refuse` once it is drained alone.
  void resume(std::function<void()> run, std::function<void()> refuse);
  // Refuses what waits, and returns when what runs has ended. Idempotent.
  void drain();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  FairQueue queue_;        // guarded
  bool stopping_ = false;  // guarded
  std::vector<std::thread> threads_;
};

}  // namespace stele::login
