// What a browser gets before anybody has logged in: the same for everybody.
#pragma once

#include <string_view>

#include "net/http.h"

namespace stele::api {

// A page, or what one is made of: it loads what this server has and sends to it alone, and stands in no other's frame.
net::Response page_response(std::string_view type, std::string_view text);

}  // namespace stele::api
