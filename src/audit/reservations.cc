#include "audit/reservations.h"

#include <utility>

namespace stele::audit {

void Reservations::Held::release() {
  if (std::exchange(is_released_, true)) return;
  const std::lock_guard lock(book_.mutex_);
  const auto it = book_.uses_.find(what_);
  it->second = it->second < 0 ? 0 : it->second - 1;
  if (it->second == 0) book_.uses_.erase(it);
}

std::shared_ptr<Reservations::Held> Reservations::alone(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (!uses_.try_emplace(what, -1).second) return nullptr;
  return std::make_shared<Held>(*this, what);
}

std::shared_ptr<Reservations::Held> Reservations::together(const std::string& what) {
  const std::lock_guard lock(mutex_);
  int& uses = uses_[what];
  if (uses < 0) return nullptr;
  ++uses;
  return std::make_shared<Held>(*this, what);
}

}  // namespace stele::audit
