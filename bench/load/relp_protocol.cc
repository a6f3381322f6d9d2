#include "relp_protocol.h"

#include <sys/socket.h>

#include "options.h"

namespace stele::bench {

void RelpProtocol::greet(std::size_t /*connection*/, int fd) {
  const std::string offers = "relp_version=0\nrelp_software=bench_load\ncommands=syslog";
  const std::string open = "1 open " + std::to_string(offers.size()) + " " + offers + "\n";
  if (::send(fd, open.data(), open.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(open.size())) give_up_errno("RELP open");
  // "1 rsp LENGTH 200 OK …\n" with offers of its own, of which only the length matters here.
  std::string got;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) give_up_errno("RELP open was not answered");
    got.append(buffer, static_cast<std::size_t>(n));
    constexpr std::string_view kHead = "1 rsp ";
    const std::size_t space = got.find(' ', kHead.size());
    if (space == std::string::npos) continue;
    const std::size_t length = std::stoul(got.substr(kHead.size(), space - kHead.size()));
    if (got.size() >= space + 1 + length + 1) break;
  }
  if (got.find(" 200 ") == std::string::npos) give_up("RELP open was refused: " + got);
}

Request RelpProtocol::make(std::size_t connection) {
  const Slice slice = replay_.next();
  states_[connection] = {"", slice.events, false};
  Request request;
  request.events = slice.events;
  request.add(slice.bytes);
  return request;
}

// Answers to "syslog" have no newline but the one at their end.
Verdict RelpProtocol::take(std::size_t connection, std::string_view bytes) {
  State& state = states_[connection];
  while (!bytes.empty() && state.awaited > 0) {
    const std::size_t end = bytes.find('\n');
    state.line.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return Verdict::kIncomplete;
    bytes.remove_prefix(end + 1);
    if (state.line.find(" 200") == std::string::npos) {
      state.refused = true;
      if (bad_.empty()) bad_ = state.line;
    }
    state.line.clear();
    --state.awaited;
  }
  if (state.awaited > 0) return Verdict::kIncomplete;
  return state.refused ? Verdict::kRefused : Verdict::kStored;
}

}  // namespace stele::bench
