#include "net/connection.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace stele::net {
namespace {

std::int64_t now_nanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Fires when nobody is left to do anything.
struct Done {
  explicit Done(std::shared_ptr<Signal> s) : signal(std::move(s)) {}
  ~Done() { signal->fire(); }
  Done(const Done&) = delete;
  Done& operator=(const Done&) = delete;
  std::shared_ptr<Signal> signal;
};

}  // namespace

Connection::Connection(Socket socket, Channel::Context context, Peer p, std::string network, ConnectionCounters& counters,
                       Kind kind)
    : channel(std::move(socket), std::move(context)),
      peer(std::move(p)),
      network_(std::move(network)),
      counters_(counters),
      since_(now_nanos()),
      kind_(kind) {
  ++counters_.connections;
}

void Connection::close() {
  boost::system::error_code ignored;
  channel.socket().shutdown(Socket::shutdown_both, ignored);  // for whoever else has it open
  channel.socket().close(ignored);
}

void Connection::close_later(const std::shared_ptr<Connection>& connection) {
  asio::post(connection->executor(), [connection] { connection->close(); });
}

void Connection::waits() { since_ = now_nanos(); }

void Connection::leave() {
  if (!std::exchange(left_, true)) --counters_.connections;
}

void Connection::end() {
  leave();
  if (asked_.exchange(false)) --counters_.leaving;
}

void Connection::give_up() {
  if (left_) return;
  boost::system::error_code error;
  if (kind_ == Kind::kHeard && (since_ == kWorks || channel.socket().available(error) > 0)) return;
  if (since_ == kWorks) {
    // Whoever asks without a pause would hardly be found waiting. Each of these is one more than there may be.
    constexpr std::uint64_t kLeavingMax = 16;
    if (counters_.leaving >= kLeavingMax) return;
    asked_ = true;
    ++counters_.leaving;
    if (since_ != kWorks) close();  // it came to its end just then, and did not see that
  } else {
    close();
  }
  ++counters_.gave_way;
  leave();
}

std::vector<std::size_t> longest_waiting(std::span<const Waiting> all, std::size_t share, std::size_t count) {
  std::vector<std::size_t> oldest(all.size());
  for (std::size_t i = 0; i < oldest.size(); ++i) oldest[i] = i;
  std::sort(oldest.begin(), oldest.end(), [&](std::size_t a, std::size_t b) { return all[a].since < all[b].since; });
  std::map<std::string_view, std::vector<std::size_t>> networks;  // each from the youngest to the oldest
  for (auto one = oldest.rbegin(); one != oldest.rend(); ++one) networks[all[*one].network].push_back(*one);
  std::erase_if(networks, [share](const auto& network) { return network.second.size() <= share; });
  std::vector<std::size_t> chosen;
  std::vector<bool> taken(all.size());
  while (chosen.size() < count && !networks.empty()) {
    const auto largest = std::max_element(networks.begin(), networks.end(),
                                          [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    chosen.push_back(largest->second.back());
    taken[largest->second.back()] = true;
    largest->second.pop_back();
    if (largest->second.size() <= share) networks.erase(largest);
  }
  for (const std::size_t one : oldest) {
    if (chosen.size() >= count) break;
    if (!taken[one]) chosen.push_back(one);
  }
  return chosen;
}

asio::awaitable<std::size_t> make_room(std::vector<std::shared_ptr<Connection>> connections, std::size_t most) {
  constexpr std::size_t kShares = 8;
  constexpr std::size_t kAtOnce = 64;  // looking through all is dear: one of so many makes room each time
  std::vector<Waiting> waiting;
  std::erase_if(connections, [&](const std::shared_ptr<Connection>& connection) {
    const std::int64_t since = connection->since();
    if (since != Connection::kWorks) waiting.push_back({connection->network(), since});
    return since == Connection::kWorks;
  });
  const auto chosen = longest_waiting(waiting, most / kShares, 1 + most / kAtOnce);
  if (chosen.empty()) co_return 0;
  auto signal = std::make_shared<Signal>(co_await asio::this_coro::executor);
  const std::weak_ptr<Signal> all_answered = signal;
  {
    const auto done = std::make_shared<Done>(std::move(signal));  // shared by what is posted
    for (const std::size_t one : chosen)
      asio::post(connections[one]->executor(), [connection = connections[one], done] { connection->give_up(); });
  }
  co_await Signal::wait(all_answered);
  co_return chosen.size();
}

}  // namespace stele::net
