// TLS as OpenSSL and Asio take it. Only sources of this room include it.
#pragma once

#include <boost/asio/ssl.hpp>
#include <memory>

#include "base/result.h"
#include "net/tls_files.h"

namespace stele::net {

// A server's context, to be shared by its connections. kInvalid with the file's name when one cannot be used.
Result<std::shared_ptr<boost::asio::ssl::context>> tls_context(const TlsFiles& files);

}  // namespace stele::net
