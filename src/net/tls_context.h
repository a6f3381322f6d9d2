// TLS as OpenSSL and Asio take it. Only sources of this room include it.
#pragma once

#include <boost/asio/ssl.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "net/tls_identity.h"

namespace stele::net {

struct TlsIdentity::State {
  TlsFiles files;
  std::mutex mutex;
  // What follows is guarded by it.
  std::shared_ptr<boost::asio::ssl::context> context;  // shared by the connections made with it
  std::string stamp;                                   // of the files when they were last read, or tried
  std::chrono::steady_clock::time_point tried;         // when
  bool failed = false;
  std::string fingerprint;
  std::string authority;
  std::string pin;
};

// TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3; clients must show a certificate where the files name
// their authority. To be shared by connections.
std::shared_ptr<boost::asio::ssl::context> context_of(const TlsIdentity& identity);

// The common name of the certificate that the peer has shown and that was verified, or the first of its other names; empty: none.
std::string peer_name(const SSL* ssl);

}  // namespace stele::net
