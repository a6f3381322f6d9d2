// A connection of a server that takes so many at once. Only sources of this room include it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/channel.h"
#include "net/connection_counters.h"
#include "net/loops.h"
#include "net/peer.h"

namespace stele::net {

// Takes one of the server's places, which may be given to another while it waits for its peer. Of its loop alone, but for what
// says otherwise.
class Connection {
 public:
  static constexpr std::int64_t kWorks = INT64_MAX;

  // Waits. `counters` outlive it. From any thread.
  Connection(Socket socket, Channel::Context context, Peer peer, ConnectionCounters& counters);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // It waits for its peer from now on: for more of what that sends, or to take what it is sent.
  void waits();
  // It has to do, and is not ended for another.
  void works() { since_ = kWorks; }
  // Its place is free, once.
  void leave();
  // Ends and leaves, unless it did anything after it began to wait at `since`.
  void give_up(std::int64_t since);
  void close();

  // From any thread: steady nanoseconds when it began to wait, or kWorks.
  [[nodiscard]] std::int64_t since() const { return since_; }
  [[nodiscard]] const std::string& network() const { return network_; }
  [[nodiscard]] Channel::executor_type executor() { return channel.get_executor(); }

  Channel channel;
  Peer peer;

 private:
  const std::string network_;
  ConnectionCounters& counters_;
  std::atomic<std::int64_t> since_;
  bool left_ = false;
};

// Which are to give up first, as indices, at most `count`: of a network that has more than `share` of those that wait the one
// that waits longest, the largest such network first; then who waits longest of all. Pure.
struct Waiting {
  std::string_view network;
  std::int64_t since = 0;
};
std::vector<std::size_t> longest_waiting(std::span<const Waiting> all, std::size_t share, std::size_t count);

// For a server of `most` connections that is full: asks some of `connections` to give up, as longest_waiting() with an eighth of
// `most` as the share, and returns when they have, or have gone on. How many; 0: nobody waits.
asio::awaitable<std::size_t> make_room(std::vector<std::shared_ptr<Connection>> connections, std::size_t most);

}  // namespace stele::net
