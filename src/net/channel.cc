#include "net/channel.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace stele::net {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

asio::awaitable<error_code> Channel::handshake(bool certificate_optional) {
  error_code error;
  if (tls_ == nullptr) co_return error;
  // Only looser than the context, which asks for one where there is an authority.
  if (certificate_optional && (SSL_get_verify_mode(tls_->native_handle()) & SSL_VERIFY_PEER) != 0)
    tls_->set_verify_mode(ssl::verify_peer, error);
  co_await tls_->async_handshake(ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

std::string Channel::client_name() const { return tls_ == nullptr ? std::string() : peer_name(tls_->native_handle()); }

asio::awaitable<void> Channel::end() {
  error_code ignored;
  if (tls_ != nullptr) {
    // The peer's own farewell is not waited for: what it says is left to whoever reads on.
    SSL* const native = tls_->native_handle();
    SSL_set_shutdown(native, SSL_get_shutdown(native) | SSL_RECEIVED_SHUTDOWN);
    co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace stele::net
