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
#include <utility>

#include "agent/file_names.h"
#include "net/socket_path.h"

namespace stele::agent {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
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

// False when more wait than there is a place for.
bool SocketStream::accept_all() {
  while (connections_.size() < kConnectionsMax) {
    Connection connection;
    connection.fd = Descriptor(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.fd.get() < 0) return true;
    ucred from{};
    socklen_t size = sizeof from;
    if (::getsockopt(connection.fd.get(), SOL_SOCKET, SO_PEERCRED, &from, &size) == 0)
      connection.peer = peer_json(credentials_of(from));
    connection.cutter = records::make_line_cutter();
    connections_.push_back(std::move(connection));
  }
  return false;
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
  std::array<char, kReadBytes> buffer;
  const ssize_t n = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && is_passing(errno)) return false;
  connection.ended = n <= 0;
  if (connection.ended)
    connection.cutter->end(connection.cut.more());
  else
    connection.cutter->feed(std::string_view(buffer.data(), static_cast<std::size_t>(n)), now, connection.cut.more());
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
  (void)accept_all();
  bool more = false;
  for (Connection& one : connections_) {
    answer(one);
    if (!one.answers.empty()) continue;
    if (!batch.has_room()) return true;
    more |= read_connection(one, batch, now);
  }
  std::erase_if(connections_, &is_done);
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
  std::erase_if(connections_, &is_done);
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
  bool more = !accept_all();
  for (Connection& one : connections_) {
    ::shutdown(one.fd.get(), SHUT_RD);
    while (batch.has_room() && read_connection(one, batch, 0)) {
    }
    more |= !one.ended || !one.cut.empty();
  }
  return more;
}

void SocketStream::describe(std::vector<StreamState>& out) const {
  out.push_back({config_.path, config_.datagram ? "listening" : std::to_string(connections_.size()) + " connected", 0});
}

}  // namespace stele::agent
