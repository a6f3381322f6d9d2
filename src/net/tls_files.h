// What a listener over TLS is given.
#pragma once

#include <string>

namespace stele::net {

// TLS 1.2 and later, from PEM files. With `client_ca` clients must show a certificate that it signed.
struct TlsFiles {
  std::string certificate;  // the server's, and those that lead to its authority
  std::string key;
  std::string client_ca;  // empty: clients are not asked who they are
};

}  // namespace stele::net
