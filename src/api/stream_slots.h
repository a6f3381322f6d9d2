// How many streams are open, so that no one who asks takes all that there may be.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace stele::api {

// Thread-safe. It outlives what it gives out.
class StreamSlots {
 public:
  // Until the last copy goes. Null: `most` are open, or three quarters of them, but at least one, by this identity.
  std::shared_ptr<void> take(const std::string& identity, std::uint64_t most);
  [[nodiscard]] std::uint64_t open() const;

 private:
  void release(const std::string& identity);

  mutable std::mutex mutex_;
  // What follows is guarded by it.
  std::uint64_t open_ = 0;
  std::map<std::string, std::uint64_t> by_identity_;
};

}  // namespace stele::api
