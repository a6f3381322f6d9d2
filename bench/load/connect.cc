#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>

#include "engine.h"
#include "options.h"

namespace stele::bench {
namespace {

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) give_up("the socket's path is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up_errno("socket");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up_errno("cannot connect to " + path);
  }
  return fd;
}

int connect_inet(const std::string& where, int kind) {
  const std::size_t colon = where.rfind(':');
  if (colon == std::string::npos) give_up("expected HOST:PORT, found " + where);
  std::uint16_t port = 0;
  std::from_chars(where.data() + colon + 1, where.data() + where.size(), port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, where.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    give_up("expected a numeric IPv4 address, found " + where);
  }
  const int fd = ::socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up_errno("socket");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up_errno("cannot connect to " + where);
  }
  return fd;
}

int connect_tcp(const std::string& where) {
  const int fd = connect_inet(where, SOCK_STREAM);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

int connect_to(const Endpoint& endpoint) {
  return endpoint.unix_path.empty() ? connect_tcp(endpoint.tcp) : connect_unix(endpoint.unix_path);
}

int connect_datagrams(const std::string& where) { return connect_inet(where, SOCK_DGRAM); }

}  // namespace stele::bench
