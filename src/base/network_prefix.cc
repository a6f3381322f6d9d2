#include "base/network_prefix.h"

#include <arpa/inet.h>

#include <array>

namespace stele {

std::string network_prefix(const std::string& shown) {
  const std::string address = shown.substr(0, shown.find('%'));  // without the zone of a link
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto masked = [&](int family, std::size_t kept, std::size_t size, const char* mask) {
    for (std::size_t i = kept; i < size; ++i) bytes.at(i) = 0;
    return std::string(inet_ntop(family, bytes.data(), text.data(), text.size())) + mask;
  };
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return masked(AF_INET, 3, 4, "/24");
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return masked(AF_INET6, 6, 16, "/48");
  return address;
}

}  // namespace stele
