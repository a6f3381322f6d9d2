// Addresses in any spelling, and ranges with any number of bits.
#include "query/address.h"

#include <gtest/gtest.h>

namespace stele::query {
namespace {

bool has(std::string_view range, std::string_view address) {
  const auto r = AddressRange::parse(range);
  const auto a = parse_address(address);
  EXPECT_TRUE(r && a) << range << " " << address;
  return r && a && r->has(*a);
}

TEST(Address, HasManySpellings) {
  EXPECT_EQ(parse_address("2001:db8::1"), parse_address("2001:0DB8:0:0:0:0:0:1"));
  EXPECT_EQ(parse_address("::ffff:10.0.0.1"), parse_address("10.0.0.1"));
  EXPECT_EQ(parse_address("fe80::1%eth0"), parse_address("fe80::1"));
  EXPECT_EQ(parse_address("1.2.3.4"), address_of_ipv4(0x01020304));
  for (const auto* text :
       {"", "1", ":", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4x", "1.2.3.4 ", "g::1", ":::", "1::2::3", "%eth0"})
    EXPECT_FALSE(parse_address(text)) << text;
  EXPECT_FALSE(parse_address(std::string(500, '1')));
}

TEST(AddressRange, HasWhatSharesItsBits) {
  EXPECT_TRUE(has("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(has("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(has("10.1.2.3/8", "10.200.0.1"));  // what is behind the bits does not count
  EXPECT_TRUE(has("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(has("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(has("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(has("10.0.0.1/32", "10.0.0.0"));
  EXPECT_TRUE(has("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(has("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(has("::/0", "10.0.0.1"));
  EXPECT_TRUE(has("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(has("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(has("10.0.0.0/8", "::ffff:10.2.3.4"));
  for (const auto* text :
       {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "10/8", "/8", "a/8", "10.0.0.0/8/8"})
    EXPECT_FALSE(AddressRange::parse(text)) << text;
}

TEST(AddressRange, KnowsItsIpv4Part) {
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  EXPECT_EQ(AddressRange::parse("10.0.0.0/8")->ipv4(), (Pair{0x0a000000, 0x0affffff}));
  EXPECT_EQ(AddressRange::parse("10.0.0.1")->ipv4(), (Pair{0x0a000001, 0x0a000001}));
  EXPECT_EQ(AddressRange::parse("0.0.0.0/0")->ipv4(), (Pair{0, 0xffffffff}));
  EXPECT_EQ(AddressRange::parse("::/0")->ipv4(), (Pair{0, 0xffffffff}));
  EXPECT_EQ(AddressRange::parse("2001:db8::/32")->ipv4(), std::nullopt);
}

}  // namespace
}  // namespace stele::query
