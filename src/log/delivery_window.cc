#include "log/delivery_window.h"

#include <xxhash.h>

namespace stele::log {

KeyFingerprint fingerprint(std::string_view source_id, std::string_view event_id, std::uint64_t seed) {
  const std::uint64_t source = XXH3_64bits_withSeed(source_id.data(), source_id.size(), seed);
  const KeyFingerprint key = XXH3_64bits_withSeed(event_id.data(), event_id.size(), source);
  return key == 0 ? 1 : key;
}

std::size_t DeliveryWindow::Generation::place(KeyFingerprint key) const {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = key & mask;
  while (slots[at].key != 0 && slots[at].key != key) at = (at + 1) & mask;
  return at;
}

void DeliveryWindow::Generation::put(KeyFingerprint key, std::uint64_t index) {
  if ((used + 1) * 4 > slots.size() * 3) {
    std::vector<Slot> old(slots.size() * 2);
    old.swap(slots);
    for (const Slot& slot : old) {
      if (slot.key != 0) slots[place(slot.key)] = slot;
    }
  }
  Slot& slot = slots[place(key)];
  if (slot.key == 0) ++used;
  slot = {key, index};
}

std::optional<std::uint64_t> DeliveryWindow::find(KeyFingerprint key) const {
  for (const Generation& generation : generations_) {
    const Generation::Slot& slot = generation.slots[generation.place(key)];
    if (slot.key == key) return slot.index;
  }
  return std::nullopt;
}

void DeliveryWindow::put(KeyFingerprint key, std::uint64_t index, UnixNanos now) {
  const bool full = generations_.empty() || generations_.front().used >= keys_max_ / (kGenerations - 1) ||
                    now - generations_.front().started >= span_ / static_cast<std::int64_t>(kGenerations - 1);
  if (full) {
    generations_.emplace_front().started = now;
    while (generations_.size() > 1 && is_past(now)) generations_.pop_back();
  }
  generations_.front().put(key, index);
}

// Whether all keys of the oldest generation are older than the span, or as many as need be kept came later.
bool DeliveryWindow::is_past(UnixNanos now) const {
  if (now - generations_[generations_.size() - 2].started > span_) return true;
  return size() - generations_.back().used >= keys_max_;
}

void DeliveryWindow::prefetch(KeyFingerprint key) const {
  for (const Generation& generation : generations_) __builtin_prefetch(&generation.slots[key & (generation.slots.size() - 1)]);
}

std::uint64_t DeliveryWindow::size() const {
  std::uint64_t total = 0;
  for (const Generation& generation : generations_) total += generation.used;
  return total;
}

}  // namespace stele::log
