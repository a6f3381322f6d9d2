// What goes out over HTTP, by libcurl. Blocking; for the command line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::net {

struct ClientAnswer {
  int status = 0;
  std::string body;
  std::int64_t retry_after = 0;  // seconds; 0 when not said
};

// One connection that is kept between requests. Not thread-safe.
class HttpClient {
 public:
  // `base` as in "http://127.0.0.1:7373"; with a `unix_socket` path the connection goes there.
  explicit HttpClient(std::string base, std::string unix_socket = "");
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `target` starts with '/'. kUnavailable when there is no connection; any HTTP status is an answer.
  Result<ClientAnswer> get(const std::string& target);
  Result<ClientAnswer> post(const std::string& target, std::string_view body, const std::string& content_type);

  // Reads an answer that has no end: calls `f` with each piece until it returns false or the server ends it. Only an answer
  // with status 200 goes to `f`; the body of any other is handed back. kUnavailable when the connection is lost, or when
  // nothing comes for 60 seconds.
  Result<ClientAnswer> stream(const std::string& target, const std::function<bool(std::string_view)>& f);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stele::net
