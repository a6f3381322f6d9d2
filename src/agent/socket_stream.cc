#include "agent/socket_stream.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "agent/file_names.h"
#include "base/os_error.h"
#include "net/socket_path.h"

namespace stele::agent {
namespace {

constexpr std::size_t kReceiveBytes = 64U << 10;
constexpr std::size_t kDatagramBytesMax = 4U << 20;  // more than the kernel takes
constexpr std::size_t kConnectionsMax = 512;         // of a socket; of one user half of them
constexpr int kBacklog = 128;

bool is_passing(int error) { return error == EAGAIN || error == EINTR; }

// Whether somebody listens there.
bool is_taken(const sockaddr_un& address, int type) {
  const Descriptor probe(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// So that the spool, files and other sockets keep descriptors.
std::size_t connections_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kConnectionsMax;
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 2, kConnectionsMax);
}

std::string_view format_of(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '{' ? "event" : "line";
}

net::Credentials credentials_of(const ucred& from) { return {from.pid, from.uid, from.gid}; }

std::optional<net::Credentials> sender_of(msghdr& message) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_CREDENTIALS) continue;
    ucred from{};
    std::copy_n(CMSG_DATA(one), sizeof from, reinterpret_cast<unsigned char*>(&from));
    return credentials_of(from);
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<SocketStream>> SocketStream::open(const SocketConfig& config) {
  SocketConfig settled = config;
  settled.acknowledge = config.acknowledge || (!config.datagram && base_of(config.path) == "ack");
  const int type = config.datagram ? SOCK_DGRAM : SOCK_STREAM;
  std::error_code ignored;
  std::filesystem::create_directories(directory_of(config.path), ignored);
  const net::SocketPath place(config.path);
  const sockaddr_un address = place.address();
  Descriptor fd(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return os_error("cannot make a socket for " + config.path);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(fd.get(), where, sizeof address) != 0) {
    struct stat st {};
    const bool is_socket = ::lstat(config.path.c_str(), &st) == 0 && S_ISSOCK(st.st_mode);
    if (errno != EADDRINUSE && !is_socket) return os_error("cannot listen at " + config.path);
    if (!is_socket) return Error{Code::kConflict, config.path + " is there and is no socket"};
    if (is_taken(address, type)) return Error{Code::kBusy, "another process listens at " + config.path};
    ::unlink(place.text().c_str());
    if (::bind(fd.get(), where, sizeof address) != 0) return os_error("cannot listen at " + config.path);
  }
  if (::chmod(place.text().c_str(), config.mode) != 0) return os_error("cannot set the mode of " + config.path);
  const int on = 1;
  if (config.datagram && ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return os_error("cannot ask who writes to " + config.path);
  if (!config.datagram && ::listen(fd.get(), kBacklog) != 0) return os_error("cannot listen at " + config.path);
  return std::unique_ptr<SocketStream>(new SocketStream(std::move(settled), std::move(fd)));
}

SocketStream::SocketStream(SocketConfig config, Descriptor fd)
    : config_(std::move(config)), fd_(std::move(fd)), connections_max_(connections_max()) {}

SocketStream::~SocketStream() { ::unlink(net::SocketPath(config_.path).text().c_str()); }

void SocketStream::watch(std::vector<pollfd>& out) const {
  if (has_place_) out.push_back({fd_.get(), POLLIN, 0});
  for (const Connection& one : connections_) {
    const bool waits = !one.answers.empty();
    out.push_back({one.fd.get(), static_cast<short>(waits ? POLLOUT : POLLIN), 0});
  }
}

// Takes those that wait. Where there is no place, and no idle one to close for it, they go on waiting.
void SocketStream::accept_all() {
  has_place_ = true;
  backlog_is_empty_ = false;
  for (;;) {
    if (connections_.size() >= connections_max_) {  // those that are closing leave with this pass
      has_place_ = false;
      return;
    }
    Connection connection;
    connection.fd = Descriptor(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.fd.get() < 0) {
      const int error = errno;
      backlog_is_empty_ = error == EAGAIN || finishing_;
      has_place_ = backlog_is_empty_ || is_passing(error);
      if (error == EMFILE || error == ENFILE) (void)close_oldest([](const Connection&) { return true; });
      return;
    }
    ucred from{};
    socklen_t size = sizeof from;
    if (::getsockopt(connection.fd.get(), SOL_SOCKET, SO_PEERCRED, &from, &size) == 0) {
      connection.uid = from.uid;
      connection.peer = peer_json(credentials_of(from));
    }
    connection.turn = ++turn_;
    connection.cutter = records::make_line_cutter();
    const std::uint32_t uid = connection.uid;
    connections_.push_back(std::move(connection));
    close_idle(uid);
  }
}

// So that neither the user nor all together come to have more than they may.
void SocketStream::close_idle(std::uint32_t uid) {
  const auto is_users = [uid](const Connection& one) { return one.uid == uid; };
  const auto is_open = [](const Connection& one) { return !one.closing && !one.ended; };
  const auto users = std::count_if(connections_.begin(), connections_.end(),
                                   [&](const Connection& one) { return is_users(one) && is_open(one); });
  if (static_cast<std::size_t>(users) >= connections_max_ / 2) (void)close_oldest(is_users);
  const auto open = std::count_if(connections_.begin(), connections_.end(), is_open);
  if (static_cast<std::size_t>(open) >= connections_max_) (void)close_oldest([](const Connection&) { return true; });
}

// The one that has written nothing for longest, if any has nothing that is on its way. Its last line is taken with its end.
bool SocketStream::close_oldest(const std::function<bool(const Connection&)>& is_meant) {
  Connection* oldest = nullptr;
  for (Connection& one : connections_) {
    int unread = 0;
    if (one.closing || one.ended || !is_meant(one) || (oldest != nullptr && oldest->turn < one.turn)) continue;
    if (!one.cut.empty() || one.lines > 0 || !one.answers.empty()) continue;
    if (one.turn == turn_ || ::ioctl(one.fd.get(), FIONREAD, &unread) != 0 || unread > 0) continue;
    oldest = &one;
  }
  if (oldest == nullptr) return false;
  oldest->closing = ::shutdown(oldest->fd.get(), SHUT_RD) == 0;
  return true;
}

// False when there was no room for all that was cut.
bool SocketStream::add(Batch& batch, Connection& from) const {
  return from.cut.hand_on(batch, [&](const records::Record& record) {
    batch.add({format_of(record.bytes), config_.path, record.bytes, record.length, from.peer});
    ++from.lines;
  });
}

// True when there may be more.
bool SocketStream::read_connection(Connection& connection, Batch& batch, std::int64_t now) {
  if (!add(batch, connection)) return true;
  if (connection.ended) return false;
  std::array<char, kReceiveBytes> buffer;
  const ssize_t n = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && is_passing(errno)) return false;
  connection.ended = n <= 0;
  if (connection.ended)
    connection.cutter->end(connection.cut.more());
  else
    connection.cutter->feed(std::string_view(buffer.data(), static_cast<std::size_t>(n)), now, connection.cut.more());
  connection.turn = ++turn_;
  return !add(batch, connection) || !connection.ended;
}

// True when there may be more.
bool SocketStream::read_datagrams(Batch& batch, std::int64_t now) {
  static thread_local std::vector<char> buffer(kDatagramBytesMax);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  while (add(batch, datagram_) && batch.has_room()) {
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (n < 0) return false;
    const auto from = sender_of(message);
    if (n == 0 && !from) return false;  // once it finishes, the end
    const auto cutter = records::make_line_cutter();
    cutter->feed(std::string_view(buffer.data(), static_cast<std::size_t>(n)), now, datagram_.cut.more());
    cutter->end(datagram_.cut.more());
    datagram_.peer = from ? peers_.find(*from, now) : std::string();
  }
  return true;
}

bool SocketStream::collect(Batch& batch, std::int64_t now) {
  if (config_.datagram) return read_datagrams(batch, now);
  accept_all();
  bool more = false;
  std::size_t i = 0;
  for (; i < connections_.size() && batch.has_room(); ++i) {
    Connection& one = connections_[(next_ + i) % connections_.size()];
    answer(one);
    if (one.answers.empty()) more |= read_connection(one, batch, now);
  }
  // Who had no turn goes first.
  if (!connections_.empty()) next_ = (next_ + (i < connections_.size() ? i : 1)) % connections_.size();
  more |= i < connections_.size();
  drop_done();
  return more;
}

void SocketStream::committed() {
  for (Connection& one : connections_) {
    if (config_.acknowledge) {
      for (; one.lines > 0; --one.lines) one.answers += "ok\n";
    }
    one.lines = 0;
    answer(one);
  }
  drop_done();
}

void SocketStream::drop_done() {
  const auto is_done = [this](const Connection& one) {
    // Who does not read the answers while the agent stops does not get them.
    return one.ended && one.cut.empty() && one.lines == 0 && (one.answers.empty() || finishing_);
  };
  if (std::erase_if(connections_, is_done) > 0) has_place_ = true;
}

void SocketStream::answer(Connection& connection) const {
  while (!connection.answers.empty()) {
    const ssize_t n = ::send(connection.fd.get(), connection.answers.data(), connection.answers.size(), MSG_NOSIGNAL);
    if (n < 0 && is_passing(errno)) return;
    if (n < 0) {  // nobody waits for them any more; what it wrote before is read all the same
      connection.answers.clear();
      return;
    }
    connection.answers.erase(0, static_cast<std::size_t>(n));
  }
}

bool SocketStream::finish(Batch& batch) {
  // From here on writing fails, so that nobody takes for delivered what nobody reads.
  if (!std::exchange(finishing_, true)) ::shutdown(fd_.get(), SHUT_RD);
  if (config_.datagram) return read_datagrams(batch, 0);
  accept_all();
  bool more = !backlog_is_empty_;
  for (Connection& one : connections_) {
    ::shutdown(one.fd.get(), SHUT_RD);
    while (batch.has_room() && read_connection(one, batch, 0)) {}
    more |= !one.ended || !one.cut.empty();
  }
  drop_done();
  return more;
}

void SocketStream::describe(std::vector<StreamState>& out) const {
  out.push_back({config_.path, config_.datagram ? "listening" : std::to_string(connections_.size()) + " connected", 0});
}

}  // namespace stele::agent
