// Who a listener over TLS is: its certificate and key, from files that may change.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace stele::net {

// PEM files.
struct TlsFiles {
  std::string certificate;  // the server's, and those that lead to its authority
  std::string key;
  std::string client_ca;  // the authority that signs the certificates of clients; empty: they are asked for none
};

// Shared by the listeners that show it. Thread-safe.
class TlsIdentity {
 public:
  // kInvalid with the file's name when one cannot be used.
  static Result<std::shared_ptr<TlsIdentity>> read(const TlsFiles& files);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // Reads the files again if they have changed; new connections are shown what is there now. True: the certificate is another, or
  // the authority of clients is. An error: they are shown what they were shown before; the same files are tried again after a
  // minute.
  Result<bool> refresh();

  [[nodiscard]] const TlsFiles& files() const;
  // SHA-256 of the certificate as `openssl x509 -fingerprint -sha256` prints it: "AB:CD:…".
  [[nodiscard]] std::string fingerprint() const;
  // SHA-256 of the file of the authority of clients, in hexadecimal; empty: they are asked for no certificate.
  [[nodiscard]] std::string authority() const;
  // The SHA-256 of its public key as curl's --pinnedpubkey takes it: "sha256//…".
  [[nodiscard]] std::string pin() const;

  struct State;  // net/tls_context.h, for this room alone
  [[nodiscard]] State& state() const { return *state_; }

 private:
  TlsIdentity();
  std::unique_ptr<State> state_;
};

}  // namespace stele::net
