#include "net/trusted_proxies.h"

#include <gtest/gtest.h>

namespace stele::net {
namespace {

class TrustedProxiesTest : public ::testing::Test {
 protected:
  static Request from(const std::string& address, std::vector<Header> headers) {
    Request request;
    request.peer = {address, address.starts_with("127."), std::nullopt, "proxy", false};
    request.headers = std::move(headers);
    return request;
  }
  [[nodiscard]] std::string origin(const std::string& address, std::vector<Header> headers) const {
    return proxies_.origin_of(from(address, std::move(headers))).address;
  }
  [[nodiscard]] std::string by(const std::string& text) const { return origin("127.0.0.1:5000", {{"X-Forwarded-For", text}}); }

  TrustedProxies proxies_ = *TrustedProxies::parse({"127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"});
};

TEST_F(TrustedProxiesTest, say_who_came_to_the_first_of_them) {
  EXPECT_EQ(by("203.0.113.9"), "203.0.113.9:0");
  EXPECT_EQ(by("203.0.113.9:443"), "203.0.113.9:443");
  EXPECT_EQ(by("2001:db8::7"), "[2001:db8::7]:0");
  EXPECT_EQ(by("[2001:db8::7]:443"), "[2001:db8::7]:443");
  EXPECT_EQ(by("::ffff:203.0.113.9"), "203.0.113.9:0");
  EXPECT_EQ(by("203.0.113.9, 10.1.2.3,\t2001:db8:1::5 "), "203.0.113.9:0") << "proxies behind proxies";
  EXPECT_EQ(by("192.0.2.1, 203.0.113.9, 10.1.2.3"), "203.0.113.9:0") << "what he wrote himself is not believed";
  EXPECT_EQ(by("127.0.0.1, 203.0.113.9"), "203.0.113.9:0");
  EXPECT_EQ(by("10.9.9.9, 10.1.2.3"), "10.9.9.9:0") << "one of the proxies' own network";
  EXPECT_EQ(origin("10.0.0.2:5000", {{"x-forwarded-for", "192.0.2.1"}, {"X-FORWARDED-FOR", "203.0.113.9"}}), "203.0.113.9:0")
      << "the headers are one list";
}

TEST_F(TrustedProxiesTest, are_believed_and_nobody_else) {
  EXPECT_EQ(origin("203.0.113.1:5000", {{"X-Forwarded-For", "192.0.2.1"}}), "203.0.113.1:5000");
  EXPECT_EQ(origin("11.0.0.1:5000", {{"X-Forwarded-For", "192.0.2.1"}}), "11.0.0.1:5000");
  EXPECT_EQ(origin("[2001:db8:2::1]:5000", {{"X-Forwarded-For", "192.0.2.1"}}), "[2001:db8:2::1]:5000");
  EXPECT_EQ(origin("10.0.0.2:5000", {}), "10.0.0.2:5000") << "it asks itself";
  EXPECT_EQ(TrustedProxies().origin_of(from("127.0.0.1:1", {{"X-Forwarded-For", "192.0.2.1"}})).address, "127.0.0.1:1");
  Request local = from("unix", {{"X-Forwarded-For", "192.0.2.1"}});
  local.peer.credentials = Credentials{};
  EXPECT_EQ(proxies_.origin_of(local).address, "unix");
}

TEST_F(TrustedProxiesTest, who_says_no_address_is_asked_for_nothing) {
  for (const char* text : {"", "unknown", "203.0.113", "203.0.113.9:x", "203.0.113.9:70000", "[2001:db8::7", "[2001:db8::7]443",
                           "203.0.113.9, ,", "_hidden", "203.0.113.9;for=10.0.0.1"})
    EXPECT_EQ(by(text), "127.0.0.1:5000") << text;
  EXPECT_EQ(by("203.0.113.9, unknown, 10.1.2.3"), "10.1.2.3:0");
}

TEST_F(TrustedProxiesTest, what_is_passed_on_is_nothing_of_this_machine) {
  Peer peer = proxies_.origin_of(from("127.0.0.1:5000", {{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Proto", "https"}}));
  EXPECT_TRUE(peer.passed_on);
  EXPECT_TRUE(peer.loopback) << "the connection is";
  EXPECT_TRUE(peer.certificate.empty());
  EXPECT_TRUE(peer.tls);
  peer = proxies_.origin_of(from("127.0.0.1:5000", {{"X-Forwarded-For", "garbage"}, {"X-Forwarded-Proto", "https, http"}}));
  EXPECT_TRUE(peer.passed_on);
  EXPECT_FALSE(peer.tls);
  for (const char* name : {"Via", "forwarded", "X-Forwarded-Host", "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-For"}) {
    EXPECT_TRUE(proxies_.origin_of(from("127.0.0.1:5000", {{name, "a"}})).passed_on) << name;
    EXPECT_TRUE(TrustedProxies().origin_of(from("127.0.0.1:5000", {{name, "a"}})).passed_on) << "of whom nobody trusts too";
  }
  EXPECT_FALSE(proxies_.origin_of(from("127.0.0.1:5000", {{"Host", "a"}})).passed_on);
}

TEST_F(TrustedProxiesTest, are_networks) {
  for (const char* text : {"", "proxy", "10.0.0.0/33", "2001:db8::/129", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1"})
    EXPECT_FALSE(TrustedProxies::parse({text})) << text;
  const auto all = TrustedProxies::parse({"0.0.0.0/0"});
  EXPECT_EQ(all->origin_of(from("198.51.100.1:1", {{"X-Forwarded-For", "2001:db8::7"}})).address, "[2001:db8::7]:0");
  EXPECT_EQ(all->origin_of(from("[2001:db8::1]:1", {{"X-Forwarded-For", "203.0.113.9"}})).address, "[2001:db8::1]:1");
}

}  // namespace
}  // namespace stele::net
