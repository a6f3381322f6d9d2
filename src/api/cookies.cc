#include "api/cookies.h"

namespace stele::api {
namespace {

// Of this server alone: no script reads it, and no page of another site has it sent.
net::Header strict_cookie(const net::Peer& peer, std::string_view name, const std::string& value, std::string_view how_long) {
  return {"Set-Cookie", std::string(name) + "=" + value + "; Path=/; HttpOnly; SameSite=Strict" + std::string(how_long) +
                            (peer.tls ? "; Secure" : "")};
}

}  // namespace

std::string_view session_cookie_name(const net::Peer& peer) { return peer.tls ? "__Host-stele" : "stele"; }

net::Header set_session_cookie(const net::Peer& peer, const std::string& value) {
  return strict_cookie(peer, session_cookie_name(peer), value, value.empty() ? "; Max-Age=0" : "");
}

std::string_view device_cookie_name(const net::Peer& peer) { return peer.tls ? "__Host-stele-device" : "stele-device"; }

net::Header set_device_cookie(const net::Peer& peer, const std::string& value) {
  return strict_cookie(peer, device_cookie_name(peer), value, "; Max-Age=31536000");
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
