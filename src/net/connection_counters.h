// What became of the connections of a server.
#pragma once

#include <atomic>
#include <cstdint>

namespace stele::net {

struct ConnectionCounters {
  std::atomic<std::uint64_t> connections{0};  // open now
  std::atomic<std::uint64_t> gave_way{0};     // ended while they waited, for others
  std::atomic<std::uint64_t> refused{0};      // over the limit, where nobody waited
};

}  // namespace stele::net
