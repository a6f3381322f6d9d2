// A Unix socket's path in a form that the kernel takes: an address holds 107 bytes (unix(7)), a path may be longer.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

namespace stele::net {

// Holds the socket's directory open while it lives when the path is too long, and refers to it by its descriptor.
class SocketPath {
 public:
  explicit SocketPath(const std::string& path);
  ~SocketPath();
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;

  // The path to bind or connect to; the one given where the directory cannot be opened.
  [[nodiscard]] const std::string& text() const { return text_; }
  // The same as an address. What is still too long is cut off, and leads nowhere.
  [[nodiscard]] sockaddr_un address() const;

 private:
  int directory_ = -1;
  std::string text_;
};

}  // namespace stele::net
