// Cookies, and the one that shows a session.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace stele::api {

// The value of the first cookie of that name; nothing where there is none.
std::optional<std::string_view> find_cookie(const net::Request& request, std::string_view name);
// The session that a request shows; nothing where it shows none. Over TLS the cookie has another name, which no page without TLS
// can set.
std::optional<std::string_view> session_cookie(const net::Request& request);
std::string_view session_cookie_name(const net::Peer& peer);
// The header that sets it, or takes it away where the value is empty.
net::Header set_session_cookie(const net::Peer& peer, const std::string& value);

// What a browser shows that somebody came in with before: it stays for a year, and is no session (login::Desk).
std::string_view device_cookie_name(const net::Peer& peer);
net::Header set_device_cookie(const net::Peer& peer, const std::string& value);

}  // namespace stele::api
