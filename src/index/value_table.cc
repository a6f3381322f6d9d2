#include "index/value_table.h"

#include <xxhash.h>

#include <cstring>
#include <random>

#include "base/bytes.h"
#include "query/text.h"

namespace stele::index {
namespace {

__extension__ using Product = unsigned __int128;

// Who sends texts does not know which of them meet in the table.
std::uint32_t secret_hash(std::string_view text) {
  static const std::uint64_t seed = std::uint64_t{std::random_device()()} << 32 | std::random_device()();
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(text.data(), text.size(), seed));
}

}  // namespace

// Eight bytes at a time, without the bit that tells capitals from small letters: texts that differ in nothing else, and a few
// more, have one hash.
std::uint32_t ValueTable::folded_hash(std::string_view text) {
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
  const Value& value = values_[number - 1];
  return {bytes_.data() + value.at, value.size};
}

bool ValueTable::is_equal(std::uint32_t number, std::string_view folded) const {
  return query::equal_folded(text(number), folded);
}

std::uint32_t ValueTable::add(std::string_view text) {
  std::uint32_t hash = 0;
  std::size_t slot = 0;
  if (looks_) {
    hash = secret_hash(text);
    if (2 * (values_.size() + 1) > slots_.size()) grow();
    slot = hash & (slots_.size() - 1);
    for (; slots_[slot].number != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].hash == hash && this->text(slots_[slot].number) == text) return slots_[slot].number;
    }
  }
  values_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size()), folded_hash(text)});
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  if (looks_) slots_[slot] = {hash, count()};
  return count();
}

void ValueTable::stop_looking() {
  looks_ = false;
  slots_ = {};
}

void ValueTable::grow() {
  std::vector<Slot> slots(slots_.empty() ? 16 : 2 * slots_.size());
  for (const Slot& one : slots_) {
    if (one.number == 0) continue;
    std::size_t slot = one.hash & (slots.size() - 1);
    while (slots[slot].number != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = one;
  }
  slots_ = std::move(slots);
}

}  // namespace stele::index
