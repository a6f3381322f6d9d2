#include "index/value_table.h"

#include <xxhash.h>

#include <array>
#include <string>

#include "query/text.h"

namespace stele::index {

std::uint32_t ValueTable::hash_of(std::string_view text) {
  constexpr std::size_t kShort = 256;
  std::array<char, kShort> small;
  if (text.size() > kShort) {
    const std::string folded = query::folded(text);
    return static_cast<std::uint32_t>(XXH3_64bits(folded.data(), folded.size()));
  }
  for (std::size_t i = 0; i < text.size(); ++i) small[i] = query::fold(text[i]);
  return static_cast<std::uint32_t>(XXH3_64bits(small.data(), text.size()));
}

std::string_view ValueTable::text(std::uint32_t number) const {
  const std::uint32_t begin = number < 2 ? 0 : ends_[number - 2];
  return {bytes_.data() + begin, ends_[number - 1] - begin};
}

bool ValueTable::is_equal(std::uint32_t number, std::string_view folded) const {
  return query::equal_folded(text(number), folded);
}

std::uint32_t ValueTable::add(std::string_view text) {
  if (2 * (ends_.size() + 1) > slots_.size()) grow();
  const std::uint32_t hash = hash_of(text);
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (hashes_[slots_[slot] - 1] == hash && this->text(slots_[slot]) == text) return slots_[slot];
  }
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  hashes_.push_back(hash);
  return slots_[slot] = count();
}

void ValueTable::grow() {
  std::vector<std::uint32_t> slots(slots_.empty() ? 16 : 2 * slots_.size());
  for (std::uint32_t number = 1; number <= count(); ++number) {
    std::size_t slot = hashes_[number - 1] & (slots.size() - 1);
    while (slots[slot] != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = number;
  }
  slots_ = std::move(slots);
}

}  // namespace stele::index
