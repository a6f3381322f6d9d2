// What goes out over HTTP, by libcurl. Blocking; for the command line and for threads of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::net {

struct ClientAnswer {
  int status = 0;
  std::string body;
  std::int64_t retry_after = 0;  // seconds; 0 when not said
};

// A POST with limits of its own. What is pointed to outlives the call.
struct PostRequest {
  std::string_view body;
  std::string content_type;
  std::vector<std::string> headers;  // further ones, "Name: value"
  std::int64_t seconds_max = 120;    // for all of it
  std::size_t answer_bytes_max = 256U << 20;
  const std::atomic<bool>* give_up = nullptr;  // looked at every second at least; true ends it
};

// Of a GET.
struct GetLimits {
  std::int64_t seconds_max = 120;  // for all of it
  std::size_t answer_bytes_max = 256U << 20;
  const std::atomic<bool>* give_up = nullptr;  // as of a POST
};

// Which servers over TLS to believe. Both empty: those that the machine's authorities vouch for.
struct Trust {
  std::string ca_file;  // PEM of the authorities, or the certificates themselves, to trust instead
  // "sha256//…", of the server's public key as curl has it (TlsIdentity::pin): who has this key is believed, whatever its
  // certificate says; with `ca_file` both must hold.
  std::string pin;
};

// One connection that is kept between requests. Not thread-safe.
class HttpClient {
 public:
  // `base` as in "http://127.0.0.1:7373"; with a `unix_socket` path the connection goes there.
  explicit HttpClient(std::string base, std::string unix_socket = "");
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Before the first request.
  void set_trust(Trust trust);
  // From now on each request shows this token (RFC 6750); empty: none.
  void set_token(std::string token);

  // And each GET and POST has this header, "Name: value".
  void add_header(std::string header);

  // `target` starts with '/'. kUnavailable when there is no connection, a limit was met or it was given up; any HTTP status is an
  // answer, and one that points elsewhere is not followed.
  Result<ClientAnswer> get(const std::string& target, const GetLimits& limits = {});
  Result<ClientAnswer> post(const std::string& target, std::string_view body, const std::string& content_type);
  // kUnavailable as well when a limit was met or it was given up.
  Result<ClientAnswer> post(const std::string& target, const PostRequest& request);

  // Reads an answer that has no end: calls `f` with each piece until it returns false or the server ends it. Only an answer
  // with status 200 goes to `f`; the body of any other is handed back. kUnavailable when the connection is lost, or when
  // nothing comes for 60 seconds.
  Result<ClientAnswer> stream(const std::string& target, const std::function<bool(std::string_view)>& f);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stele::net
