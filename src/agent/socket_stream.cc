#include "agent/socket_stream.h"

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

#include "agent/file_names.h"
#include "net/socket_path.h"

namespace stele::agent {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::size_t kFinishBytesMax = 4U << 20;    // of one connection, while the agent stops
constexpr std::size_t kDatagramBytesMax = 4U << 20;  // more than the kernel takes
constexpr std::size_t kConnectionsMax = 1'024;
constexpr int kBacklog = 128;

Error os_error(const std::string& what, const std::string& path) {
  return {Code::kIo, what + " " + path + ": " + std::generic_category().message(errno)};
}

bool is_passing(int error) { return error == EAGAIN || error == EINTR; }

// Whether somebody listens there.
bool is_taken(const sockaddr_un& address, int type) {
  const Descriptor probe(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
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
  if (fd.get() < 0) return os_error("cannot make a socket for", config.path);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(fd.get(), where, sizeof address) != 0) {
    struct stat st {};
    const bool is_socket = ::lstat(config.path.c_str(), &st) == 0 && S_ISSOCK(st.st_mode);
    if (errno != EADDRINUSE && !is_socket) return os_error("cannot listen at", config.path);
    if (!is_socket) return Error{Code::kConflict, config.path + " is there and is no socket"};
    if (is_taken(address, type)) return Error{Code::kBusy, "another process listens at " + config.path};
    ::unlink(place.text().c_str());
    if (::bind(fd.get(), where, sizeof address) != 0) return os_error("cannot listen at", config.path);
  }
  if (::chmod(place.text().c_str(), config.mode) != 0) return os_error("cannot set the mode of", config.path);
  const int on = 1;
  if (config.datagram && ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return os_error("cannot ask who writes to", config.path);
  if (!config.datagram && ::listen(fd.get(), kBacklog) != 0) return os_error("cannot listen at", config.path);
  return std::unique_ptr<SocketStream>(new SocketStream(std::move(settled), std::move(fd)));
}

SocketStream::~SocketStream() { ::unlink(net::SocketPath(config_.path).text().c_str()); }

void SocketStream::watch(std::vector<pollfd>& out) const {
  if (config_.datagram || connections_.size() < kConnectionsMax) out.push_back({fd_.get(), POLLIN, 0});
  for (const Connection& one : connections_) {
    const bool waits = !one.answers.empty();
    out.push_back({one.fd.get(), static_cast<short>(waits ? POLLOUT : POLLIN), 0});
  }
}

void SocketStream::accept_all() {
  while (connections_.size() < kConnectionsMax) {
    Connection connection;
    connection.fd = Descriptor(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.fd.get() < 0) return;
    ucred from{};
    socklen_t size = sizeof from;
    if (::getsockopt(connection.fd.get(), SOL_SOCKET, SO_PEERCRED, &from, &size) == 0)
      connection.peer = peer_json(credentials_of(from));
    connection.cutter = records::make_line_cutter();
    connections_.push_back(std::move(connection));
  }
}

std::uint64_t SocketStream::add(Batch& batch, const std::string& peer) {
  for (const records::Record& record : cut_)
    batch.add({format_of(record.bytes), config_.path, record.bytes, record.length, peer});
  const std::uint64_t count = cut_.size();
  cut_.clear();
  return count;
}

// True when there is more.
bool SocketStream::read_connection(Connection& connection, Batch& batch, std::int64_t now, std::size_t bytes_max) {
  std::array<char, kReadBytes> buffer;
  for (std::size_t bytes = 0; bytes < bytes_max && !connection.ended;) {
    const ssize_t n = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && is_passing(errno)) return false;
    connection.ended = n <= 0;
    if (connection.ended)
      connection.cutter->end(cut_);
    else
      connection.cutter->feed(std::string_view(buffer.data(), static_cast<std::size_t>(n)), now, cut_);
    connection.lines += add(batch, connection.peer);
    bytes += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return !connection.ended;
}

bool SocketStream::read_datagrams(Batch& batch, std::int64_t now) {
  static thread_local std::vector<char> buffer(kDatagramBytesMax);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  while (batch.has_room()) {
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (n < 0) return false;
    const auto from = sender_of(message);
    const auto cutter = records::make_line_cutter();
    cutter->feed(std::string_view(buffer.data(), static_cast<std::size_t>(n)), now, cut_);
    cutter->end(cut_);
    add(batch, from ? peers_.find(*from, now) : std::string());
  }
  return true;
}

bool SocketStream::collect(Batch& batch, std::int64_t now) {
  if (config_.datagram) return read_datagrams(batch, now);
  accept_all();
  bool more = false;
  for (Connection& one : connections_) {
    answer(one);
    if (!one.answers.empty() || one.ended) continue;
    if (!batch.has_room()) return true;
    more |= read_connection(one, batch, now, kReadBytes);
  }
  std::erase_if(connections_, [](const Connection& one) { return one.ended && one.lines == 0 && one.answers.empty(); });
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
  std::erase_if(connections_, [](const Connection& one) { return one.ended && one.answers.empty(); });
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

void SocketStream::finish(Batch& batch) {
  if (config_.datagram) {
    (void)read_datagrams(batch, 0);
    return;
  }
  accept_all();
  for (Connection& one : connections_) {
    if (!one.ended) (void)read_connection(one, batch, 0, kFinishBytesMax);
    if (one.ended) continue;
    one.ended = true;
    one.cutter->end(cut_);
    one.lines += add(batch, one.peer);
  }
}

void SocketStream::describe(std::vector<StreamState>& out) const {
  out.push_back({config_.path, config_.datagram ? "listening" : std::to_string(connections_.size()) + " connected", 0});
}

}  // namespace stele::agent
