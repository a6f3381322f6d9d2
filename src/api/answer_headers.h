// What answers carry besides what their handlers say: for caches between, and for pages of other sites.
#pragma once

#include <string>
#include <vector>

#include "net/http.h"

namespace stele::api {

// Origins (RFC 6454) whose pages may read answers, as browsers send them: "https://audit.example.com".
using Origins = std::vector<std::string>;

// Whether the request is from a page of one of these.
bool is_from_allowed(const net::Request& request, const Origins& allowed);
// Whether it asks what such a page may send (Fetch Standard, CORS-preflight request).
bool is_preflight(const net::Request& request, const Origins& allowed);
net::Response preflight_response(const net::Request& request);

// A reply whose answer is for whoever asked alone: caches keep it for nobody else (RFC 9111 section 5.2.2.7), and a page of an
// allowed origin that shows a token may read it.
net::Reply private_reply(const net::Request& request, const net::Reply& reply, const Origins& allowed);
// A reply whose answer is for anybody.
net::Reply public_reply(const net::Reply& reply);

}  // namespace stele::api
