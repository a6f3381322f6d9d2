#include "net/socket_path.h"

#include <fcntl.h>
#include <unistd.h>

namespace stele::net {
namespace {

constexpr std::size_t kBytesMax = sizeof(sockaddr_un{}.sun_path) - 1;

}  // namespace

SocketPath::SocketPath(const std::string& path) : text_(path) {
  const auto slash = path.rfind('/');
  if (path.size() <= kBytesMax || slash == std::string::npos) return;
  directory_ = ::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory_ >= 0) text_ = "/proc/self/fd/" + std::to_string(directory_) + path.substr(slash);
}

SocketPath::~SocketPath() {
  if (directory_ >= 0) ::close(directory_);
}

sockaddr_un SocketPath::address() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  text_.copy(address.sun_path, kBytesMax);
  return address;
}

}  // namespace stele::net
