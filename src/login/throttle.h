// How often somebody may guess (docs/design/0019-people-log-in.md). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace stele::login {

struct ThrottleLimits {
  std::uint64_t free_failures = 5;                    // of a user from a network, before the next has to wait
  std::int64_t delay_min = kSecond;                   // ns; twice as long after each further failure
  std::int64_t delay_max = 900'000'000'000;           // ns
  std::uint64_t network_failures = 30;                // of a network, in `network_window`
  std::int64_t network_window = 600'000'000'000;      // ns
  std::uint64_t strangers_failures = 50;              // of a user, from networks from which he never came, in `strangers_window`
  std::int64_t strangers_window = 3'600'000'000'000;  // ns
  std::int64_t forget_after = 3'600'000'000'000;      // ns without a failure
  std::size_t told_apart_max = 10'000;                // of each; further ones are counted together
};

// Not thread-safe. Times are monotonic nanoseconds.
class Throttle {
 public:
  explicit Throttle(ThrottleLimits limits = {}) : limits_(limits) {}

  // How long this try has to wait, in nanoseconds; 0: it may be made now. `known`: the user has come from this network before;
  // then he waits for his own failures alone.
  [[nodiscard]] std::int64_t wait(std::string_view user, std::string_view network, bool known, std::int64_t now);
  void failed(std::string_view user, std::string_view network, bool known, std::int64_t now);
  // What he did wrong before is forgotten; what his network did to others is not.
  void succeeded(std::string_view user, std::string_view network);

 private:
  struct Count {
    std::uint64_t failures = 0;
    std::int64_t since = 0;  // the first failure of the window
    std::int64_t last = 0;
  };
  using Counts = std::map<std::string, Count, std::less<>>;
  Count& count(Counts& counts, const std::string& key, std::int64_t window, std::int64_t now);
  [[nodiscard]] static std::int64_t window_wait(const Counts& counts, std::string_view key, std::uint64_t most,
                                                std::int64_t window, std::int64_t now);
  [[nodiscard]] std::int64_t delay(const Count& count, std::int64_t now) const;

  ThrottleLimits limits_;
  Counts pairs_;  // user and network
  Counts networks_;
  Counts strangers_;  // users
};

}  // namespace stele::login
