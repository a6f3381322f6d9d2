// A blocking client on this machine that sends exactly the bytes it is told to, for tests of servers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stele::testing {

// An HTTP answer as it came.
struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // chunks put together

  [[nodiscard]] std::string header(std::string_view name) const;  // any case; empty when absent
};

class LoopbackClient {
 public:
  // `address`: "127.0.0.1:7373", "[::1]:7373", or the path of a Unix socket. connected() tells whether it went well.
  explicit LoopbackClient(const std::string& address);
  ~LoopbackClient();
  LoopbackClient(LoopbackClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}
  LoopbackClient& operator=(LoopbackClient&&) = delete;

  [[nodiscard]] bool connected() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

  // All of `bytes`, without Nagle's delay. False when the peer is gone, or takes nothing for 10 seconds.
  bool send(std::string_view bytes) const;
  // Each byte in a packet of its own.
  bool send_bytewise(std::string_view bytes) const;
  // As much as the peer's and our buffers take without waiting; returns how much.
  [[nodiscard]] std::size_t send_some(std::string_view bytes) const;
  void end_sending() const;

  // One answer; nothing when the connection ends before, or 10 seconds pass. `head`: it has no body whatever it says.
  std::optional<HttpAnswer> answer(bool head = false);
  // All bytes until the peer closes, or 10 seconds pass without any.
  std::string rest();
  // At least `count` bytes, or fewer when the peer closes.
  std::string read(std::size_t count);
  // Whether the peer closes within `millis`; what comes before is read and dropped.
  [[nodiscard]] bool closed_within(int millis) const;

 private:
  bool fill();  // reads more into pending_

  int fd_ = -1;
  std::string pending_;
};

// Sends datagrams to an address of this machine, "127.0.0.1:5514".
class DatagramSender {
 public:
  explicit DatagramSender(const std::string& address);
  ~DatagramSender();
  DatagramSender(const DatagramSender&) = delete;
  DatagramSender& operator=(const DatagramSender&) = delete;

  // Whether it went out whole.
  [[nodiscard]] bool send(std::string_view datagram) const;

 private:
  int fd_ = -1;
};

}  // namespace stele::testing
