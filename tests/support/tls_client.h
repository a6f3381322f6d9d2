// A blocking TLS client on this machine that believes every server, for tests of servers.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "support/certificates.h"
#include "support/loopback.h"

namespace stele::testing {

// Offers all versions up to `version_max`, the oldest and weakest too, and shows `identity` if there is one.
struct TlsClient {
  TlsClient(const std::string& address, int version_max, const Identity* identity)
      : client(address), context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), ssl(nullptr, &SSL_free) {
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), version_max);
    if (identity != nullptr) {
      SSL_CTX_use_certificate(context.get(), identity->certificate.get());
      SSL_CTX_use_PrivateKey(context.get(), identity->key.get());
    }
    ssl.reset(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), client.fd());
    ERR_clear_error();
    connected = SSL_connect(ssl.get()) == 1;
    error = ERR_peek_error();
  }
  bool send(std::string_view bytes) const { return SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) > 0; }
  // What comes until there is `until` in it, or nothing more.
  [[nodiscard]] std::string read(std::string_view until) const {
    std::string out;
    std::array<char, 16'384> buffer{};
    while (out.find(until) == std::string::npos) {
      const int n = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (n <= 0) break;
      out.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return out;
  }

  LoopbackClient client;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl;
  bool connected = false;
  unsigned long error = 0;
};

}  // namespace stele::testing
