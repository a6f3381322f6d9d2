// A connection's bytes: those of a socket, or of TLS over it. Only sources of this room include it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "net/loops.h"
#include "net/tls_context.h"

namespace stele::net {

// A stream as Asio and Beast take one. On its socket's loop alone.
class Channel {
 public:
  using executor_type = Socket::executor_type;
  using Context = std::shared_ptr<asio::ssl::context>;

  // Without a context the bytes are the socket's.
  Channel(Socket socket, Context context) : context_(std::move(context)), socket_(std::move(socket)) {
    if (context_ != nullptr) tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *context_);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
  // To close it, or to cancel what waits: TLS gives up what it does with the socket's own error.
  [[nodiscard]] Socket& socket() { return socket_; }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }

  // The server's part of the handshake, first of all. A client that has no certificate is let in only where
  // `certificate_optional`.
  asio::awaitable<boost::system::error_code> handshake(bool certificate_optional);
  // As peer_name().
  [[nodiscard]] std::string client_name() const;
  // Tells the peer that nothing more comes. What it still sends can be read from the socket, encrypted as it may be.
  asio::awaitable<void> end();

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (tls_ != nullptr) return tls_->async_read_some(buffers, std::forward<Token>(token));
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (tls_ != nullptr) return tls_->async_write_some(buffers, std::forward<Token>(token));
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  Context context_;  // shared with other connections; outlives the stream over it
  Socket socket_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace stele::net
