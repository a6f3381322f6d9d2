#include "collect/http_door.h"

#include "base/json_text.h"

namespace stele::collect {

int refusal_status(const Error& error) {
  switch (error.code) {
    case Code::kInvalid: return 400;
    case Code::kUnauthenticated: return 401;
    case Code::kDenied: return 403;
    case Code::kNotFound: return 404;
    case Code::kTooLarge: return 413;
    case Code::kBusy: return 429;
    default: return 503;  // it passes: a client must not drop what it holds
  }
}

net::Response HttpDoor::stored(const net::Request&, const Stored&) const {
  net::Response out;
  out.status = 204;
  return out;
}

net::Response HttpDoor::refused(const net::Request&, const Error& error) const {
  net::Response out;
  out.status = refusal_status(error);
  out.headers.emplace_back("Content-Type", "application/json");
  out.body = "{\"error\":{\"code\":\"" + std::string(code_name(error.code)) + "\",\"message\":";
  append_json_string(out.body, is_utf8(error.message) ? error.message : "the request is not UTF-8");
  out.body += "}}\n";
  return out;
}

}  // namespace stele::collect
