// The values of a field of the chunk that grows, with numbers from 1 on: each once, or, where nearly all are different, as they
// come.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace stele::index {

class ValueTable {
 public:
  // The number of `text`; a new one if it was not there, or repeats are no longer looked for.
  std::uint32_t add(std::string_view text);
  // From here on every value gets a new number: to look for one among many costs a miss of the caches.
  void stop_looking();
  [[nodiscard]] bool has_repeats() const { return !looks_; }
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(values_.size()); }
  [[nodiscard]] std::string_view text(std::uint32_t number) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  // Calls f(number) for each value that is `folded` when folded.
  template <typename F>
  void for_each_equal(std::string_view folded, F&& f) const {
    const std::uint32_t hash = folded_hash(folded);
    for (std::uint32_t number = 1; number <= count(); ++number) {
      if (values_[number - 1].hash == hash && is_equal(number, folded)) f(number);
    }
  }

 private:
  static std::uint32_t folded_hash(std::string_view text);
  [[nodiscard]] bool is_equal(std::uint32_t number, std::string_view folded) const;
  void grow();

  bool looks_ = true;
  struct Value {
    std::uint32_t at;  // in bytes_
    std::uint32_t size;
    std::uint32_t hash;  // folded
  };
  struct Slot {
    std::uint32_t hash = 0;    // of the text as it is, which nobody outside can foresee
    std::uint32_t number = 0;  // 0: free
  };
  std::vector<char> bytes_;
  std::vector<Value> values_;  // by number - 1
  std::vector<Slot> slots_;    // open addressing; a power of two
};

}  // namespace stele::index
