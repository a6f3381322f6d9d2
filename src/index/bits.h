// Rows of a chunk as a set: 8 KiB, a bit for each.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stele::index {

inline constexpr std::uint32_t kChunkRows = 65'536;  // one level-1 tile of the log

class Bits {
 public:
  static constexpr std::size_t kWords = kChunkRows / 64;

  // Empty, or the first `count` rows.
  Bits() = default;
  static Bits first(std::uint32_t count);
  // Rows [begin, end).
  static Bits range(std::uint32_t begin, std::uint32_t end);

  void clear() { words_.fill(0); }
  void set(std::uint32_t row) { words_[row / 64] |= std::uint64_t{1} << (row % 64); }
  [[nodiscard]] bool has(std::uint32_t row) const { return (words_[row / 64] >> (row % 64) & 1) != 0; }
  [[nodiscard]] bool any() const;
  [[nodiscard]] std::uint32_t count() const;

  Bits& operator|=(const Bits& other);
  Bits& operator&=(const Bits& other);
  // Takes away what `other` has.
  Bits& operator-=(const Bits& other);

  [[nodiscard]] std::span<std::uint64_t, kWords> words() { return words_; }
  [[nodiscard]] std::span<const std::uint64_t, kWords> words() const { return words_; }

  // Calls f(row), ascending or descending, until it returns false.
  template <typename F>
  void for_each(F&& f) const {
    for (std::size_t i = 0; i < kWords; ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        if (!f(static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(word)))) return;
      }
    }
  }
  template <typename F>
  void for_each_backwards(F&& f) const {
    for (std::size_t i = kWords; i-- > 0;) {
      for (std::uint64_t word = words_[i]; word != 0;) {
        const int bit = 63 - std::countl_zero(word);
        if (!f(static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(bit))) return;
        word &= ~(std::uint64_t{1} << bit);
      }
    }
  }

  bool operator==(const Bits&) const = default;

 private:
  alignas(64) std::array<std::uint64_t, kWords> words_{};
};

// What is known of a question: which rows it holds for, and for which it may. `sure` is within `maybe`.
struct Answer {
  Bits sure;
  Bits maybe;

  void clear() {
    sure.clear();
    maybe.clear();
  }
  // For rows that pass for sure.
  void add(std::uint32_t row) {
    sure.set(row);
    maybe.set(row);
  }
  void add(const Bits& rows) {
    sure |= rows;
    maybe |= rows;
  }
};

}  // namespace stele::index
