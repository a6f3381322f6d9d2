// Texts that a search meets, each once, under a number.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stele::search {

class Texts {
 public:
  std::uint32_t number(std::string_view text) {
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return found->second;
    const auto number = static_cast<std::uint32_t>(texts_.size());
    bytes_ += text.size() + kForEach;
    numbers_.emplace(texts_.emplace_back(text), number);
    return number;
  }
  [[nodiscard]] const std::string& text(std::uint32_t number) const { return texts_[number]; }
  [[nodiscard]] std::size_t count() const { return texts_.size(); }
  // Of memory, about.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kForEach = 100;  // beside its bytes

  std::deque<std::string> texts_;                                // none ever moves
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  // into texts_
  std::size_t bytes_ = 0;
};

}  // namespace stele::search
