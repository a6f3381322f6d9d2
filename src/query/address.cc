#include "query/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace stele::query {
namespace {

constexpr std::size_t kAddressBytesMax = 64;
constexpr unsigned kMappedBits = 96;
constexpr Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Address address_of_ipv4(std::uint32_t address) {
  Address out = kMapped;
  for (unsigned i = 0; i < 4; ++i) out[12 + i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
  return out;
}

std::optional<Address> parse_address(std::string_view text) {
  text = text.substr(0, text.find('%'));
  if (text.size() < 2 || text.size() > kAddressBytesMax) return std::nullopt;
  char terminated[kAddressBytesMax + 1];
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  if (text.find(':') == std::string_view::npos) {
    struct in_addr four {};
    if (::inet_pton(AF_INET, terminated, &four) != 1) return std::nullopt;
    return address_of_ipv4(ntohl(four.s_addr));
  }
  Address out{};
  if (::inet_pton(AF_INET6, terminated, out.data()) != 1) return std::nullopt;
  return out;
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool four = text.substr(0, slash).find(':') == std::string_view::npos;
  AddressRange out;
  if (slash != std::string_view::npos) {
    const auto bits = parse_decimal(text.substr(slash + 1));
    if (!bits || *bits > (four ? 32U : 128U)) return std::nullopt;
    out.bits_ = static_cast<unsigned>(*bits) + (four ? kMappedBits : 0U);
  }
  out.first_ = *address;
  for (unsigned bit = out.bits_; bit < 128; ++bit)
    out.first_[bit / 8] = static_cast<std::uint8_t>(out.first_[bit / 8] & ~(0x80U >> (bit % 8)));
  return out;
}

bool AddressRange::has(const Address& address) const {
  const unsigned whole = bits_ / 8;
  if (!std::equal(first_.begin(), first_.begin() + whole, address.begin())) return false;
  if (bits_ % 8 == 0) return true;
  const unsigned mask = 0xff00U >> (bits_ % 8);
  return (address[whole] & mask) == (first_[whole] & mask);
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> AddressRange::ipv4() const {
  if (bits_ < kMappedBits) {
    if (!has(kMapped)) return std::nullopt;
    return std::pair<std::uint32_t, std::uint32_t>{0, ~0U};
  }
  if (!std::equal(first_.begin(), first_.begin() + 12, kMapped.begin())) return std::nullopt;
  std::uint32_t first = 0;
  for (unsigned i = 0; i < 4; ++i) first = first << 8 | first_[12 + i];
  const unsigned free = 128 - bits_;
  return std::pair{first, free == 32 ? ~0U : first | ((1U << free) - 1)};
}

}  // namespace stele::query
