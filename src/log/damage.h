// What reading found to be wrong and could do without: the log goes on, and says so.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace stele::log {

struct Damage {
  std::uint64_t count = 0;  // findings; the same may be met again
  std::string last;         // a sentence
};

// Thread-safe.
class DamageNotes {
 public:
  void add(std::string sentence) {
    const std::lock_guard lock(mutex_);
    ++damage_.count;
    damage_.last = std::move(sentence);
  }
  [[nodiscard]] Damage all() const {
    const std::lock_guard lock(mutex_);
    return damage_;
  }

 private:
  mutable std::mutex mutex_;
  Damage damage_;
};

}  // namespace stele::log
