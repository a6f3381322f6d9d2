#include "base/network_prefix.h"

#include <gtest/gtest.h>

namespace stele {
namespace {

TEST(NetworkPrefix, of_an_address) {
  EXPECT_EQ(network_prefix("203.0.113.9"), "203.0.113.0/24");
  EXPECT_EQ(network_prefix("2001:db8:1:2:3::4"), "2001:db8:1::/48");
  EXPECT_EQ(network_prefix("fe80::1%eth0"), "fe80::/48");
  EXPECT_EQ(network_prefix(""), "");
  EXPECT_EQ(network_prefix("unix"), "unix");
}

}  // namespace
}  // namespace stele
