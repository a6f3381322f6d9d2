// The connections of a server, and a place among them. Only sources of this room include it.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "net/connection.h"

namespace stele::net {

// Kind: a Connection. Thread-safe.
template <typename Kind>
class OpenConnections {
 public:
  void add(const std::shared_ptr<Kind>& connection) {
    const std::lock_guard lock(mutex_);
    open_.insert(connection);
  }
  void remove(const std::shared_ptr<Kind>& connection) {
    const std::lock_guard lock(mutex_);
    open_.erase(connection);
  }
  [[nodiscard]] std::vector<std::shared_ptr<Kind>> all() const {
    std::vector<std::shared_ptr<Kind>> out;
    const std::lock_guard lock(mutex_);
    out.reserve(open_.size());
    for (const auto& one : open_) {
      if (auto connection = one.lock(); connection != nullptr) out.push_back(std::move(connection));
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::weak_ptr<Kind>, std::owner_less<>> open_;
};

// While a connection is served it is one of `open`; then its place is free.
template <typename Kind>
class Served {
 public:
  Served(OpenConnections<Kind>& open, std::shared_ptr<Kind> connection) : open_(open), connection_(std::move(connection)) {}
  ~Served() {
    connection_->end();
    open_.remove(connection_);
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

 private:
  OpenConnections<Kind>& open_;
  std::shared_ptr<Kind> connection_;
};

// Whether there is a place for one more where `most` are taken at once: of those that wait the longest make room.
template <typename Kind>
asio::awaitable<bool> find_place(const OpenConnections<Kind>& open, const ConnectionCounters& counters, std::size_t most) {
  constexpr int kTries = 4;  // each may find that who waited goes on just then
  for (int i = 0; i < kTries && counters.connections >= most; ++i) {
    const auto all = open.all();
    std::vector<std::shared_ptr<Connection>> connections(all.begin(), all.end());
    if (co_await make_room(std::move(connections), most) == 0) break;
  }
  co_return counters.connections < most;
}

}  // namespace stele::net
