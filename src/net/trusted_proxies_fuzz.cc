// X-Forwarded-For of any bytes: who is named is an address and port that can be read again, or the proxy itself, and that it was
// passed on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/endpoints.h"
#include "net/trusted_proxies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto proxies = stele::net::TrustedProxies::parse({"10.0.0.0/8", "127.0.0.0/8", "2001:db8::/32"});
  stele::net::Request request;
  request.peer = {"127.0.0.1:5000", true, std::nullopt, "", false};
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    request.headers.emplace_back("X-Forwarded-For", text.substr(at, end - at));
    at = end + 1;
  }
  const stele::net::Peer peer = proxies->origin_of(request);
  if (!peer.passed_on || !stele::net::parse_endpoint(peer.address)) std::abort();
  return 0;
}
