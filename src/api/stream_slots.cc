#include "api/stream_slots.h"

#include <algorithm>

namespace stele::api {

std::shared_ptr<void> StreamSlots::take(const std::string& identity, std::uint64_t most) {
  const std::lock_guard lock(mutex_);
  const auto own = by_identity_.find(identity);
  if (open_ >= most || (own != by_identity_.end() && own->second >= std::max<std::uint64_t>(most * 3 / 4, 1))) return nullptr;
  ++by_identity_[identity];
  ++open_;
  return {this, [identity](StreamSlots* slots) { slots->release(identity); }};
}

std::uint64_t StreamSlots::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

void StreamSlots::release(const std::string& identity) {
  const std::lock_guard lock(mutex_);
  --open_;
  const auto own = by_identity_.find(identity);
  if (--own->second == 0) by_identity_.erase(own);
}

}  // namespace stele::api
