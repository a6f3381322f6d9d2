// The values of a field of the chunk that grows: each once, with a number from 1 on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace stele::index {

class ValueTable {
 public:
  // The number of `text`; a new one if it was not there.
  std::uint32_t add(std::string_view text);
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(ends_.size()); }
  [[nodiscard]] std::string_view text(std::uint32_t number) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  // Calls f(number) for each value that is `folded` when folded.
  template <typename F>
  void for_each_equal(std::string_view folded, F&& f) const {
    if (slots_.empty()) return;
    const std::uint32_t hash = hash_of(folded);
    for (std::size_t slot = hash & (slots_.size() - 1); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (hashes_[slots_[slot] - 1] == hash && is_equal(slots_[slot], folded)) f(slots_[slot]);
    }
  }

 private:
  static std::uint32_t hash_of(std::string_view text);  // case ignored
  [[nodiscard]] bool is_equal(std::uint32_t number, std::string_view folded) const;
  void grow();

  std::vector<char> bytes_;
  std::vector<std::uint32_t> ends_;    // in bytes_, by number - 1
  std::vector<std::uint32_t> hashes_;  // by number - 1
  std::vector<std::uint32_t> slots_;   // numbers, open addressing; 0: free; a power of two
};

}  // namespace stele::index
