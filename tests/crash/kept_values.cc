#include "crash/kept_values.h"

#include <iterator>

namespace stele::testing {

void KeptValues::keep(std::span<const event::ApartValue> values) {
  for (const event::ApartValue& value : values) values_.emplace(value.commitment, Kept{value, State::kKept});
}

// A commitment is as good as random.
std::map<Hash, KeptValues::Kept>::const_iterator KeptValues::any(Prng& prng) const {
  Hash near{};
  near[0] = static_cast<std::uint8_t>(prng.below(256));
  const auto found = values_.lower_bound(near);
  return found == values_.end() ? values_.begin() : found;
}

const event::ApartValue& KeptValues::begin_erasure(Prng& prng) {
  Kept& kept = values_.at(any(prng)->first);
  if (kept.state == State::kKept) kept.state = State::kBeingErased;
  return kept.value;
}

void KeptValues::end_erasure(const event::ApartValue& value) { values_.at(value.commitment).state = State::kErased; }

std::string KeptValues::check(const log::ApartStore& store, Prng& prng) const {
  if (values_.empty()) return "";
  std::string out;
  for (int i = 0; i < 3 && out.empty(); ++i) out = check_one(store, any(prng)->second);
  return out;
}

std::string KeptValues::check_all(const log::ApartStore& store) const {
  std::string out;
  for (auto it = values_.begin(); it != values_.end() && out.empty(); ++it) out = check_one(store, it->second);
  return out;
}

std::string KeptValues::check_one(const log::ApartStore& store, const Kept& kept) {
  const auto holds = store.holds(kept.value.kind, kept.value.commitment);
  if (!holds) return "a value that was kept is not found: " + holds.error().message;
  if (kept.state == State::kErased) return *holds ? "a value that was erased is there still" : "";
  const auto read = store.read(kept.value.kind, kept.value.commitment);
  if (read) return read->bytes == kept.value.bytes ? "" : "a value has other bytes than were kept";
  return kept.state == State::kKept ? "a value that was kept cannot be read: " + read.error().message : "";
}

}  // namespace stele::testing
