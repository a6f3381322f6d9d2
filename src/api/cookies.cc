#include "api/cookies.h"

namespace stele::api {

std::string_view session_cookie_name(const net::Peer& peer) { return peer.tls ? "__Host-stele" : "stele"; }

net::Header set_session_cookie(const net::Peer& peer, const std::string& value) {
  return {"Set-Cookie", std::string(session_cookie_name(peer)) + "=" + value + "; Path=/; HttpOnly; SameSite=Strict" +
                            (peer.tls ? "; Secure" : "") + (value.empty() ? "; Max-Age=0" : "")};
}

std::string_view device_cookie_name(const net::Peer& peer) { return peer.tls ? "__Host-stele-device" : "stele-device"; }

net::Header set_device_cookie(const net::Peer& peer, const std::string& value) {
  return {"Set-Cookie", std::string(device_cookie_name(peer)) + "=" + value +
                            "; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000" + (peer.tls ? "; Secure" : "")};
}

std::optional<std::string_view> session_cookie(const net::Request& request) {
  return find_cookie(request, session_cookie_name(request.peer));
}

std::optional<std::string_view> find_cookie(const net::Request& request, std::string_view name) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace stele::api
