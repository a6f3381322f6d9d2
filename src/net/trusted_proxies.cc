#include "net/trusted_proxies.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "net/endpoints.h"

namespace stele::net {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const auto first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

struct Hop {
  asio::ip::address address;
  std::uint16_t port = 0;
};

// "192.0.2.7", "192.0.2.7:443", "2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:443".
std::optional<Hop> read_hop(std::string_view text) {
  Hop out;
  std::string_view host = text;
  std::string_view port;
  if (const auto end = text.find(']'); text.starts_with('[') && end != std::string_view::npos) {
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos && text.rfind(':') == colon) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  boost::system::error_code error;
  out.address = asio::ip::make_address(std::string(host), error);
  if (error || host.find('%') != std::string_view::npos) return std::nullopt;  // a zone is of another machine
  if (port.empty()) return out;
  const auto number = port.starts_with(':') ? parse_decimal(port.substr(1)) : std::nullopt;
  if (!number || *number > 65'535) return std::nullopt;
  out.port = static_cast<std::uint16_t>(*number);
  return out;
}

std::array<unsigned char, 16> mapped(const asio::ip::address& address) {
  return (address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6()).to_bytes();
}

// All elements of all headers of that name, the last one first.
std::vector<std::string_view> from_the_last(const Request& request, std::string_view name) {
  std::vector<std::string_view> out;
  for (const Header& header : request.headers) {
    if (!boost::beast::iequals(header.first, name)) continue;
    std::string_view rest = header.second;
    for (bool more = true; more;) {
      const auto comma = rest.find(',');
      out.push_back(trimmed(rest.substr(0, comma)));
      more = comma != std::string_view::npos;
      if (more) rest.remove_prefix(comma + 1);
    }
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& networks) {
  TrustedProxies out;
  for (const std::string& text : networks) {
    const auto slash = text.find('/');
    boost::system::error_code error;
    const auto address = asio::ip::make_address(text.substr(0, slash), error);
    const unsigned most = address.is_v4() ? 32 : 128;
    const auto bits = slash == std::string::npos ? std::optional<std::uint64_t>(most) : parse_decimal(text.substr(slash + 1));
    if (error || !bits || *bits > most)
      return invalid("\"" + text + "\" is no address and no network such as 10.0.0.0/8 or 2001:db8::/32");
    out.networks_.push_back({mapped(address), static_cast<unsigned>(*bits) + 128 - most});
  }
  return out;
}

bool TrustedProxies::trusts(const Address& address) const {
  return std::ranges::any_of(networks_, [&](const Network& network) {
    for (unsigned bit = 0; bit < network.bits; ++bit) {
      const unsigned mask = 0x80U >> bit % 8;
      if ((address.at(bit / 8) & mask) != (network.address.at(bit / 8) & mask)) return false;
    }
    return true;
  });
}

bool TrustedProxies::are(const Peer& peer) const {
  if (networks_.empty() || peer.credentials) return false;
  const auto endpoint = parse_endpoint(peer.address);
  return endpoint && trusts(mapped(endpoint->address()));
}

Peer TrustedProxies::origin_of(const Request& request) const {
  Peer out = request.peer;
  constexpr std::array<std::string_view, 6> kOfProxies{"x-forwarded-for",  "x-forwarded-proto", "forwarded",
                                                       "x-forwarded-host", "x-real-ip",         "via"};
  out.passed_on = std::ranges::any_of(kOfProxies, [&](std::string_view name) { return !from_the_last(request, name).empty(); });
  if (!out.passed_on || !are(out)) return out;
  out.certificate.clear();
  for (const std::string_view text : from_the_last(request, "x-forwarded-for")) {
    const auto hop = read_hop(text);
    if (!hop) break;
    out.address = peer_of(hop->address, hop->port).address;
    if (!trusts(mapped(hop->address))) break;
  }
  if (const auto schemes = from_the_last(request, "x-forwarded-proto"); !schemes.empty()) out.tls = schemes.front() == "https";
  return out;
}

}  // namespace stele::net
