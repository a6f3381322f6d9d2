#include "net/tls_identity.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <span>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "net/tls_context.h"

namespace stele::net {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

using Context = std::shared_ptr<ssl::context>;
using Digest = std::array<unsigned char, 32>;

constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// Changes when a file does.
std::string stamp_of(const TlsFiles& files) {
  std::string out;
  for (const std::string* path : {&files.certificate, &files.key, &files.client_ca}) {
    struct stat st {};
    if (path->empty() || ::stat(path->c_str(), &st) != 0) {
      out += "-;";
      continue;
    }
    for (const auto part : {st.st_ino, static_cast<ino_t>(st.st_size), static_cast<ino_t>(st.st_mtim.tv_sec),
                            static_cast<ino_t>(st.st_mtim.tv_nsec)})
      out += std::to_string(part) + ",";
    out += ";";
  }
  return out;
}

// Of what a client offers, the one protocol that is spoken here (RFC 7301); without it, none is named.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void* /*user*/) {
  constexpr std::string_view kHttp = "http/1.1";
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const auto size = static_cast<unsigned char>(rest.front());
    if (rest.size() <= size) break;
    const std::string_view name = rest.substr(1, size);
    if (name == kHttp) {
      *out = reinterpret_cast<const unsigned char*>(name.data());
      *out_size = size;
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(1U + size);
  }
  return SSL_TLSEXT_ERR_NOACK;
}

Result<Context> load(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  std::string groups = "X25519:P-256:P-384";  // OpenSSL's macro takes what is not constant, and changes nothing
  error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_compression | SSL_OP_NO_RENEGOTIATION |
                           SSL_OP_CIPHER_SERVER_PREFERENCE,
                       error);
  if (error || SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(native, kCiphers) != 1 ||
      SSL_CTX_set1_groups_list(native, groups.data()) != 1)
    return Error{Code::kInternal, "OpenSSL cannot be held to TLS 1.2 and later with its modern ciphers"};
  SSL_CTX_set_alpn_select_cb(native, &choose_protocol, nullptr);
  context->use_certificate_chain_file(files.certificate, error);
  if (error) return invalid("the TLS certificate " + files.certificate + " cannot be used: " + error.message());
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return invalid("the TLS key " + files.key + " cannot be used: " + error.message());
  if (!files.client_ca.empty()) {
    // A session goes on only where it began: OpenSSL asks for a name of that when clients are asked who they are.
    constexpr std::string_view kSession = "stele";
    SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>(kSession.data()), kSession.size());
    context->load_verify_file(files.client_ca, error);
    // So that a browser with certificates of others offers none.
    if (!error) SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(files.client_ca.c_str()));
    if (!error) context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
    if (error) return invalid("the certificate authority " + files.client_ca + " cannot be used: " + error.message());
  }
  return context;
}

std::string fingerprint_of(const X509* certificate) {
  Digest digest{};
  if (X509_digest(certificate, EVP_sha256(), digest.data(), nullptr) != 1) return {};
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char byte : digest) {
    if (!out.empty()) out += ':';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

// SHA-256 in hexadecimal; empty: there is no file.
std::string digest_of_file(const std::string& path) {
  if (path.empty()) return {};
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const std::string bytes = std::move(text).str();
  Digest digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) return {};
  return hex_encode(std::as_bytes(std::span(digest)));
}

std::string pin_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  Digest digest{};
  const bool hashed = EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  if (!hashed) return {};
  std::array<unsigned char, 4 * (32 / 3 + 1) + 1> text{};
  const int length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return "sha256//" + std::string(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length));
}

std::string text_of(const ASN1_STRING* string) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, string);
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

}  // namespace

TlsIdentity::TlsIdentity() : state_(std::make_unique<State>()) {}
TlsIdentity::~TlsIdentity() = default;

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::read(const TlsFiles& files) {
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity());  // shared by its listeners
  identity->state_->files = files;
  STELE_TRY(identity->refresh());
  return identity;
}

Result<bool> TlsIdentity::refresh() {
  constexpr auto kTryAgain = std::chrono::minutes(1);
  const std::lock_guard lock(state_->mutex);
  std::string stamp = stamp_of(state_->files);
  const auto now = std::chrono::steady_clock::now();
  if (stamp == state_->stamp && (!state_->failed || now - state_->tried < kTryAgain)) return false;
  state_->stamp = std::move(stamp);
  state_->tried = now;
  state_->failed = true;
  STELE_ASSIGN(state_->context, load(state_->files));
  state_->failed = false;
  const X509* const certificate = SSL_CTX_get0_certificate(state_->context->native_handle());
  std::string fingerprint = fingerprint_of(certificate);
  std::string authority = digest_of_file(state_->files.client_ca);
  const bool is_other = fingerprint != state_->fingerprint || authority != state_->authority;
  state_->fingerprint = std::move(fingerprint);
  state_->authority = std::move(authority);
  state_->pin = pin_of(certificate);
  return is_other;
}

const TlsFiles& TlsIdentity::files() const { return state_->files; }

std::string TlsIdentity::fingerprint() const {
  const std::lock_guard lock(state_->mutex);
  return state_->fingerprint;
}

std::string TlsIdentity::authority() const {
  const std::lock_guard lock(state_->mutex);
  return state_->authority;
}

std::string TlsIdentity::pin() const {
  const std::lock_guard lock(state_->mutex);
  return state_->pin;
}

std::shared_ptr<ssl::context> context_of(const TlsIdentity& identity) {
  const std::lock_guard lock(identity.state().mutex);
  return identity.state().context;
}

std::string peer_name(const SSL* ssl) {
  const X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return {};
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0)
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  auto* const names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string out;
  for (int i = 0; out.empty() && i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    if (type == GEN_DNS || type == GEN_URI || type == GEN_EMAIL) out = text_of(static_cast<const ASN1_STRING*>(value));
  }
  GENERAL_NAMES_free(names);
  return out;
}

}  // namespace stele::net
