// What became of the connections of a server.
#pragma once

#include <atomic>
#include <cstdint>

namespace stele::net {

struct ConnectionCounters {
  std::atomic<std::uint64_t> connections{0};  // open now
  std::atomic<std::uint64_t> gave_way{0};     // ended for others, while they waited or after their answer
  std::atomic<std::uint64_t> leaving{0};      // open now, to end after their answer; not among the others
  std::atomic<std::uint64_t> refused{0};      // over the limit, where nobody waited
};

}  // namespace stele::net
