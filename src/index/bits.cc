#include "index/bits.h"

#include <algorithm>

namespace stele::index {

Bits Bits::range(std::uint32_t begin, std::uint32_t end) {
  Bits out = first(end);
  return begin == 0 ? out : out -= first(begin);
}

Bits Bits::first(std::uint32_t count) {
  Bits out;
  std::fill_n(out.words_.begin(), count / 64, ~std::uint64_t{0});
  if (count % 64 != 0) out.words_[count / 64] = (std::uint64_t{1} << (count % 64)) - 1;
  return out;
}

bool Bits::any() const {
  return std::any_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word != 0; });
}

std::uint32_t Bits::count() const {
  std::uint32_t out = 0;
  for (const std::uint64_t word : words_) out += static_cast<std::uint32_t>(std::popcount(word));
  return out;
}

Bits& Bits::operator|=(const Bits& other) {
  for (std::size_t i = 0; i < kWords; ++i) words_[i] |= other.words_[i];
  return *this;
}

Bits& Bits::operator&=(const Bits& other) {
  for (std::size_t i = 0; i < kWords; ++i) words_[i] &= other.words_[i];
  return *this;
}

Bits& Bits::operator-=(const Bits& other) {
  for (std::size_t i = 0; i < kWords; ++i) words_[i] &= ~other.words_[i];
  return *this;
}

}  // namespace stele::index
