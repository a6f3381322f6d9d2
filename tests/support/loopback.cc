#include "support/loopback.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace stele::testing {
namespace {

constexpr int kPatienceMillis = 10'000;

int open_socket(const sockaddr* address, socklen_t size, int type = SOCK_STREAM) {
  const int fd = ::socket(address->sa_family, type | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::connect(fd, address, size) != 0) {
    ::close(fd);
    return -1;
  }
  const int on = 1;
  if (address->sa_family != AF_UNIX && type == SOCK_STREAM) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::copy(path.begin(), path.end(), address.sun_path);
  return open_socket(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int connect_ip(const std::string& address, int type) {
  const auto colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) return -1;
  const int fd = open_socket(found->ai_addr, found->ai_addrlen, type);
  ::freeaddrinfo(found);
  return fd;
}

bool wait_for(int fd, short what, int millis) {
  pollfd one{fd, what, 0};
  return ::poll(&one, 1, millis) > 0;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

LoopbackClient::LoopbackClient(const std::string& address)
    : fd_(address.starts_with('/') ? connect_unix(address) : connect_ip(address, SOCK_STREAM)) {}

LoopbackClient::~LoopbackClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool LoopbackClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EAGAIN || !wait_for(fd_, POLLOUT, kPatienceMillis)) {
      return false;
    }
  }
  return true;
}

bool LoopbackClient::send_bytewise(std::string_view bytes) const {
  for (const char c : bytes) {
    if (!send({&c, 1})) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

std::size_t LoopbackClient::send_some(std::string_view bytes) const {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  return sent;
}

void LoopbackClient::end_sending() const { ::shutdown(fd_, SHUT_WR); }

bool LoopbackClient::fill() {
  if (!wait_for(fd_, POLLIN, kPatienceMillis)) return false;
  char piece[65'536];
  const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
  if (n <= 0) return false;
  pending_.append(piece, static_cast<std::size_t>(n));
  return true;
}

std::string LoopbackClient::read(std::size_t count) {
  while (pending_.size() < count && fill()) {}
  std::string out = pending_.substr(0, count);
  pending_.erase(0, out.size());
  return out;
}

std::optional<HttpAnswer> LoopbackClient::answer(bool head) {
  std::size_t end = 0;
  while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  const std::string text = read(end + 4);
  HttpAnswer answer;
  if (!text.starts_with("HTTP/1.1 ") || text.size() < 13) return std::nullopt;
  answer.status = std::atoi(text.c_str() + 9);
  for (std::size_t at = text.find("\r\n") + 2; at < end;) {
    const std::string line = text.substr(at, text.find("\r\n", at) - at);
    at += line.size() + 2;
    const auto colon = line.find(": ");
    if (colon == std::string::npos) return std::nullopt;
    answer.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  if (head || answer.status == 100) return answer;
  if (answer.header("transfer-encoding") != "chunked") {
    const std::string length = answer.header("content-length");
    if (length.empty()) return std::nullopt;
    const auto size = static_cast<std::size_t>(std::strtoull(length.c_str(), nullptr, 10));
    answer.body = read(size);
    return answer.body.size() == size ? std::optional(answer) : std::nullopt;
  }
  for (;;) {
    while ((end = pending_.find("\r\n")) == std::string::npos) {
      if (!fill()) return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(std::strtoull(read(end + 2).c_str(), nullptr, 16));
    const std::string piece = read(size + 2);
    if (piece.size() != size + 2) return std::nullopt;
    if (size == 0) return answer;
    answer.body.append(piece, 0, size);
  }
}

std::string LoopbackClient::rest() {
  while (fill()) {}
  return std::exchange(pending_, {});
}

bool LoopbackClient::closed_within(int millis) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(millis);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0 || !wait_for(fd_, POLLIN, static_cast<int>(left))) return false;
    char piece[4096];
    if (::recv(fd_, piece, sizeof piece, 0) <= 0) return true;
  }
}

DatagramSender::DatagramSender(const std::string& address) : fd_(connect_ip(address, SOCK_DGRAM)) {}

DatagramSender::~DatagramSender() {
  if (fd_ >= 0) ::close(fd_);
}

bool DatagramSender::send(std::string_view datagram) const {
  return ::send(fd_, datagram.data(), datagram.size(), 0) == static_cast<ssize_t>(datagram.size());
}

}  // namespace stele::testing
