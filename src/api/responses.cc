#include "api/responses.h"

#include "base/json_text.h"

namespace stele::api {
namespace {

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid:
    case Code::kConflict: return 400;
    case Code::kNotFound: return 404;
    case Code::kTooLarge: return 413;
    case Code::kUnauthenticated: return 401;
    case Code::kDenied: return 403;
    case Code::kBusy: return 429;
    case Code::kUnavailable: return 503;
    case Code::kCorrupt:
    case Code::kIo:
    case Code::kInternal: return 500;
  }
  return 500;
}

}  // namespace

net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

net::Response text_response(std::string body) {
  net::Response response;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

net::Response error_response(const Error& error) {
  std::string body = "{\"error\":{\"code\":\"" + std::string(code_name(error.code)) + "\",\"message\":";
  // What a request made the message say is not always UTF-8.
  append_json_string(body, is_utf8(error.message) ? error.message : "the request is not UTF-8");
  body += "}}\n";
  net::Response response = json_response(status_of(error.code), std::move(body));
  if (error.code == Code::kUnauthenticated) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"stele\"");
  if (error.code == Code::kUnavailable) response.headers.emplace_back("Retry-After", "5");
  if (error.code == Code::kBusy) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace stele::api
