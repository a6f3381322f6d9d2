// IP addresses and ranges of them (RFC 4291, RFC 4632).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stele::query {

// Sixteen bytes; IPv4 as IPv4-mapped.
using Address = std::array<std::uint8_t, 16>;
// Nothing for what is none; a zone behind '%' is passed over.
std::optional<Address> parse_address(std::string_view text);
Address address_of_ipv4(std::uint32_t address);

class AddressRange {
 public:
  // An address, or one with "/bits". Nothing for anything else.
  static std::optional<AddressRange> parse(std::string_view text);

  [[nodiscard]] bool has(const Address& address) const;
  // The IPv4 addresses of it, first and last; nothing when there are none.
  [[nodiscard]] std::optional<std::pair<std::uint32_t, std::uint32_t>> ipv4() const;

 private:
  Address first_{};
  unsigned bits_ = 128;
};

}  // namespace stele::query
