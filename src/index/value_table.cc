#include "index/value_table.h"

#include <cstring>

#include "base/bytes.h"
#include "query/text.h"

namespace stele::index {
namespace {

__extension__ using Product = unsigned __int128;

}  // namespace

// Eight bytes at a time, without the bit that tells capitals from small letters: texts that differ in nothing else, and a few
// more, have one hash. It is of this process alone.
std::uint32_t ValueTable::hash_of(std::string_view text) {
  constexpr std::uint64_t kCase = 0x2020202020202020U;
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15U;
  const auto mix = [](std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<Product>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  std::uint64_t hash = text.size() * kOdd;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) hash = mix((load_le<std::uint64_t>(text.data() + at) | kCase) ^ hash, kOdd);
  std::uint64_t rest = 0;
  if (at < text.size()) std::memcpy(&rest, text.data() + at, text.size() - at);
  return static_cast<std::uint32_t>(mix((rest | kCase) ^ hash, kOdd) >> 16);
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
