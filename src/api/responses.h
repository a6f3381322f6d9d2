// The answers that handlers give, but for streams.
#pragma once

#include <string>

#include "base/result.h"
#include "net/http.h"

namespace stele::api {

// {"error":{"code":…,"message":…}} with the status that belongs to the code.
net::Response error_response(const Error& error);
net::Response json_response(int status, std::string body);
net::Response text_response(std::string body);

}  // namespace stele::api
