#include "login/throttle.h"

#include <algorithm>

namespace stele::login {
namespace {

// The key of all that are not told apart: no user id and no network has a line end.
constexpr std::string_view kOthers = "\n";

std::string pair_key(std::string_view user, std::string_view network) { return std::string(user) + "\n" + std::string(network); }

}  // namespace

std::int64_t Throttle::delay(const Count& count, std::int64_t now) const {
  if (count.failures < limits_.free_failures || count.last + limits_.forget_after <= now) return 0;
  const std::uint64_t doublings = std::min<std::uint64_t>(count.failures - limits_.free_failures, 30);
  const std::int64_t delay = std::min(limits_.delay_max, limits_.delay_min << doublings);
  return std::max<std::int64_t>(0, count.last + delay - now);
}

std::int64_t Throttle::window_wait(const Counts& counts, std::string_view key, std::uint64_t most, std::int64_t window,
                                   std::int64_t now) {
  auto it = counts.find(key);
  if (it == counts.end()) it = counts.find(kOthers);
  if (it == counts.end() || it->second.failures < most) return 0;
  return std::max<std::int64_t>(0, it->second.since + window - now);
}

std::int64_t Throttle::wait(std::string_view user, std::string_view network, bool known, std::int64_t now) {
  auto pair = pairs_.find(pair_key(user, network));
  if (pair == pairs_.end() && !known) pair = pairs_.find(kOthers);
  const std::int64_t own = pair == pairs_.end() ? 0 : delay(pair->second, now);
  if (known) return own;
  return std::max({own, window_wait(networks_, network, limits_.network_failures, limits_.network_window, now),
                   window_wait(strangers_, user, limits_.strangers_failures, limits_.strangers_window, now)});
}

// The count of that key, begun anew where its window is over. What is old makes room; where there is none, all others are one.
Throttle::Count& Throttle::count(Counts& counts, const std::string& key, std::int64_t window, std::int64_t now) {
  if (counts.size() >= limits_.told_apart_max && !counts.contains(key))
    std::erase_if(counts, [&](const auto& one) { return one.second.last + window <= now; });
  Count& count = counts.size() >= limits_.told_apart_max && !counts.contains(key) ? counts[std::string(kOthers)] : counts[key];
  if (count.failures == 0 || count.since + window <= now) count = {0, now, now};
  return count;
}

void Throttle::failed(std::string_view user, std::string_view network, bool known, std::int64_t now) {
  const auto note = [now](Count& count) {
    ++count.failures;
    count.last = now;
  };
  const std::string pair = pair_key(user, network);
  // A pair's window is that without failures: it goes on with each.
  if (const auto it = pairs_.find(pair); it != pairs_.end() && it->second.last + limits_.forget_after > now)
    note(it->second);
  else
    note(count(pairs_, pair, limits_.forget_after, now));
  if (known) return;
  note(count(networks_, std::string(network), limits_.network_window, now));
  note(count(strangers_, std::string(user), limits_.strangers_window, now));
}

void Throttle::succeeded(std::string_view user, std::string_view network) { pairs_.erase(pair_key(user, network)); }

}  // namespace stele::login
