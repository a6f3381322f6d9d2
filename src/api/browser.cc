#include "api/browser.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace stele::api {
namespace {

// The host of a Host header, without its port.
std::string_view host_of(std::string_view authority) {
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  return bracket == std::string_view::npos ? authority.substr(0, authority.find(':')) : authority.substr(0, bracket + 1);
}

bool is_name(std::string_view host) {
  const bool v6 = host.starts_with('[') && host.ends_with(']') && host.find(':') != std::string_view::npos;
  if (v6) host = host.substr(1, host.size() - 2);
  return host.find_first_not_of(v6 ? "0123456789abcdefABCDEF:." : "0123456789.") != std::string_view::npos;
}

bool is_localhost(std::string_view host) {
  return std::ranges::equal(host, std::string_view("localhost"),
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

}  // namespace

bool calls_by_address(const net::Request& request) {
  const std::string_view host = host_of(request.header("host"));
  return host.empty() || !is_name(host) || is_localhost(host) || request.peer.credentials;
}

bool comes_from_elsewhere(const net::Request& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty() || request.method == "GET" || request.method == "HEAD") return false;
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("host");
}

Error of_another_site(const net::Request& request) {
  return {Code::kDenied, "a page of " + std::string(request.header("origin")) + " may not write here"};
}

Error not_by_its_name(const net::Request& request) {
  return {Code::kDenied, "without a token this server is called by its address, as localhost, or as public_url has it, not as " +
                             std::string(request.header("host"))};
}

}  // namespace stele::api
