#include "cli/interrupt.h"

#include <chrono>
#include <csignal>
#include <thread>

namespace stele::cli {
namespace {

volatile sig_atomic_t asked = 0;

void ask_to_stop(int) { asked = 1; }

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = &ask_to_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool stop_asked() { return asked != 0; }

bool sleep_millis(std::int64_t millis) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(millis);
  while (asked == 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return asked == 0;
}

}  // namespace stele::cli
