#include "net/tls_context.h"

namespace stele::net {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Result<std::shared_ptr<ssl::context>> tls_context(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);  // shared by all its connections
  error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                           ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression,
                       error);
  if (!error && SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) != 1)
    return Error{Code::kInternal, "OpenSSL cannot be held to TLS 1.2 and later"};
  if (!error) context->use_certificate_chain_file(files.certificate, error);
  if (error) return invalid("the TLS certificate " + files.certificate + " cannot be used: " + error.message());
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return invalid("the TLS key " + files.key + " cannot be used: " + error.message());
  if (!files.client_ca.empty()) {
    context->load_verify_file(files.client_ca, error);
    if (!error) context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
    if (error) return invalid("the certificate authority " + files.client_ca + " cannot be used: " + error.message());
  }
  return context;
}

}  // namespace stele::net
