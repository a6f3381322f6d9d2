#include "log/delivery_window.h"

#include <xxhash.h>

#include <algorithm>

namespace stele::log {

KeyFingerprint fingerprint(std::string_view source_id, std::string_view event_id, std::uint64_t seed) {
  const std::uint64_t source = XXH3_64bits_withSeed(source_id.data(), source_id.size(), seed);
  const KeyFingerprint key = XXH3_64bits_withSeed(event_id.data(), event_id.size(), source);
  return key == 0 ? 1 : key;
}

const DeliveryWindow::Table::Slot* DeliveryWindow::Table::slot(KeyFingerprint key) const {
  if (slots_.empty()) return nullptr;
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = key & mask;
  while (slots_[at].key != 0 && slots_[at].key != key) at = (at + 1) & mask;
  return &slots_[at];
}

bool DeliveryWindow::Table::put(KeyFingerprint key, std::uint64_t index) {
  if ((used_ + 1) * 4 > slots_.size() * 3) grow();
  Slot& place = slots_[static_cast<std::size_t>(slot(key) - slots_.data())];
  const bool added = place.key == 0;
  place = {key, index};
  used_ += added ? 1 : 0;
  return added;
}

void DeliveryWindow::Table::grow() {
  constexpr std::size_t kLeast = 16;
  std::vector<Slot> old(std::max(kLeast, slots_.size() * 2));
  old.swap(slots_);
  for (const Slot& one : old) {
    if (one.key != 0) slots_[static_cast<std::size_t>(slot(one.key) - slots_.data())] = one;
  }
}

std::optional<std::uint64_t> DeliveryWindow::find(KeyFingerprint key) const {
  for (const Generation& generation : generations_) {
    const Table::Slot* const found = generation.table(key).slot(key);
    if (found != nullptr && found->key == key) return found->index;
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
  Generation& filling = generations_.front();
  if (filling.table(key).put(key, index)) ++filling.used;
}

// Whether all keys of the oldest generation are older than the span, or as many as need be kept came later.
bool DeliveryWindow::is_past(UnixNanos now) const {
  if (now - generations_[generations_.size() - 2].started > span_) return true;
  return size() - generations_.back().used >= keys_max_;
}

void DeliveryWindow::prefetch(KeyFingerprint key) const {
  for (const Generation& generation : generations_) __builtin_prefetch(generation.table(key).home(key));
}

std::uint64_t DeliveryWindow::size() const {
  std::uint64_t total = 0;
  for (const Generation& generation : generations_) total += generation.used;
  return total;
}

}  // namespace stele::log
