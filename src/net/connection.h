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

  enum class Kind : std::uint8_t {
    kAnswered,  // its peer knows by an answer what was taken, and comes again
    kHeard,     // it takes what it sent for heard: what has come is read before it gives up, and then it does not
  };
  // Waits. Those of one network have a share together. `counters` outlive it. From any thread.
  Connection(Socket socket, Channel::Context context, Peer peer, std::string network, ConnectionCounters& counters, Kind kind);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // It waits for its peer from now on: for more of what that sends, or to take what it is sent.
  void waits();
  // It has to do, and is not ended for another.
  void works() { since_ = kWorks; }
  // It has been served.
  void end();
  // Whether its place is free already.
  [[nodiscard]] bool has_left() const { return left_; }
  // Ends and leaves; while it works after the answer that is under way: then it is_asked().
  void give_up();
  [[nodiscard]] bool is_asked() const { return asked_; }  // from any thread
  void close();
  // The same on its own loop. From any thread.
  static void close_later(const std::shared_ptr<Connection>& connection);

  // From any thread: steady nanoseconds when it began to wait, or kWorks.
  [[nodiscard]] std::int64_t since() const { return since_; }
  [[nodiscard]] const std::string& network() const { return network_; }
  [[nodiscard]] Channel::executor_type executor() { return channel.get_executor(); }

  Channel channel;
  Peer peer;

 private:
  void leave();

  const std::string network_;
  ConnectionCounters& counters_;
  std::atomic<std::int64_t> since_;
  const Kind kind_;
  bool left_ = false;
  std::atomic<bool> asked_{false};
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
