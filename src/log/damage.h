// What reading found to be wrong and could do without: the log goes on, and says so.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace stele::log {

struct Damage {
  std::uint64_t count = 0;             // findings; the same may be met again
  std::vector<std::string> sentences;  // the first different ones
};

// Thread-safe.
class DamageNotes {
 public:
  void add(std::string sentence) {
    constexpr std::size_t kSentencesMax = 16;
    const std::lock_guard lock(mutex_);
    ++damage_.count;
    auto& known = damage_.sentences;
    if (known.size() < kSentencesMax && std::find(known.begin(), known.end(), sentence) == known.end())
      known.push_back(std::move(sentence));
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
