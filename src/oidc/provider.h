// A company's provider over the network: where it is, its keys, and what it says of who comes back (OpenID Connect Core 1.0, the
// authorization code flow; RFC 7636, RFC 9207, RFC 9700).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"
#include "oidc/attempts.h"
#include "oidc/claims.h"
#include "oidc/keys.h"
#include "oidc/metadata.h"

namespace stele::oidc {

struct ProviderOptions {
  std::string issuer;
  std::string client_id;
  std::string client_secret;  // empty: a public client
  std::string scopes = "openid profile email";
  std::string redirect_uri;
  std::string ca_file;  // PEM of the authorities to trust; empty: the system's
  ClaimNames claims;
  std::int64_t seconds_max = 10;              // for each request
  std::int64_t kept = 3'600'000'000'000;      // ns; then metadata and keys are read anew
  std::int64_t keys_anew = 60'000'000'000;    // ns between readings of the keys for the sake of one that is not known
  std::int64_t failure_kept = 5'000'000'000;  // ns; for so long a provider that did not answer is not asked for its metadata
};

// What a browser came back with.
struct Return {
  std::string code;
  std::optional<std::string> issuer;  // RFC 9207
  std::string error;                  // instead of a code
  std::string error_description;
};

// What a token endpoint answers (RFC 6749 section 5; Core section 3.1.3.3) with this HTTP status. Pure. kUnauthenticated: it
// refuses; kUnavailable: it is no such answer.
struct TokenAnswer {
  std::string id_token;
  std::string access_token;
};
Result<TokenAnswer> parse_token_answer(int status, std::string_view json);

// Thread-safe. Blocks, for some requests at most. The clock outlives it.
class Provider {
 public:
  Provider(ProviderOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // From now on nobody waits for it: what is asked ends within a second or so, and so does what is asked anew.
  void stop() { stopping_ = true; }
  // Where a browser is sent. kUnavailable: the provider does not say where that is.
  Result<std::string> authorization_url(const Attempt& attempt);
  // Where a browser logs out of the provider (RP-Initiated Logout 1.0 section 2), as it was said last; empty: nowhere. Does not
  // block.
  [[nodiscard]] std::string logout_url() const;
  // Who came back. kUnauthenticated: nobody, and why; kUnavailable: the provider does not answer, or not what it should.
  Result<Person> redeem(const Attempt& attempt, const Return& returned);

 private:
  Result<Metadata> metadata();
  Result<TokenAnswer> exchange(const Metadata& metadata, const Attempt& attempt, const std::string& code) const;
  Result<Signed> verify(const Metadata& metadata, const std::string& token);
  Status read_keys(const Metadata& metadata);
  Result<Person> ask_more(const Metadata& metadata, const std::string& access_token) const;
  [[nodiscard]] Result<net::ClientAnswer> get(const std::string& url, std::size_t bytes_max, const std::string& token = {}) const;

  const ProviderOptions options_;
  const Clock& clock_;
  std::atomic<bool> stopping_{false};

  std::mutex metadata_mutex_;  // held while it is asked for, so that one asks
  // What follows is guarded by it.
  std::optional<Metadata> metadata_;
  std::int64_t metadata_read_ = 0;  // monotonic, as the others
  std::optional<Error> failure_;
  std::int64_t failed_ = 0;

  mutable std::mutex logout_mutex_;
  std::string end_session_endpoint_;  // guarded by it

  std::mutex keys_mutex_;  // the same as metadata_mutex_
  // What follows is guarded by it.
  std::optional<Keys> keys_;
  std::int64_t keys_read_ = 0;
  std::optional<std::int64_t> keys_read_anew_;
};

}  // namespace stele::oidc
