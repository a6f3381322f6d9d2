// bench_load datagrams: requests that were made beforehand, each one a UDP datagram, sent as fast as the system takes them or
// at a rate. Nobody answers: whoever asks the receiver what came of them measures.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "commands.h"
#include "engine.h"
#include "measure.h"
#include "replay.h"

namespace stele::bench {
namespace {

constexpr std::size_t kAtOnce = 64;

}  // namespace

int run_datagrams(Options& options) {
  const std::string requests = options.required("requests");
  const std::string where = options.required("connect");
  const double seconds = options.real("seconds", 5);
  const double rate = options.real("rate", 0);
  const std::uint64_t round = options.count("id-round", 0);
  options.finish();

  Replay replay(requests, kAtOnce, round);
  const int fd = connect_datagrams(where);
  const double cpu_before = own_cpu_seconds();
  const std::uint64_t start = now_ns();
  const std::uint64_t stop = start + static_cast<std::uint64_t>(seconds * 1e9);
  std::uint64_t sent = 0;
  for (std::uint64_t now = start; now < stop; now = now_ns()) {
    if (rate > 0 && static_cast<double>(sent) > static_cast<double>(now - start) * 1e-9 * rate) {
      ::poll(nullptr, 0, 1);
      continue;
    }
    std::array<iovec, kAtOnce> parts{};
    std::array<mmsghdr, kAtOnce> messages{};
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      const Slice slice = replay.next();
      parts[i] = {const_cast<char*>(slice.bytes.data()), slice.bytes.size()};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int n = ::sendmmsg(fd, messages.data(), kAtOnce, 0);
    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) give_up_errno("sendmmsg");
    sent += static_cast<std::uint64_t>(std::max(n, 0));
  }
  const double elapsed = static_cast<double>(now_ns() - start) * 1e-9;
  ::close(fd);
  JsonLine()
      .text("bench", "datagrams")
      .real("seconds", elapsed)
      .count("events", sent)
      .real("events_per_second", static_cast<double>(sent) / elapsed)
      .real("client_cpu_seconds", own_cpu_seconds() - cpu_before)
      .print();
  return 0;
}

}  // namespace stele::bench
