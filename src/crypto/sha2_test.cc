// SHA-2 against FIPS 180-4's own examples.
#include "crypto/sha2.h"

#include <gtest/gtest.h>

namespace stele::crypto {
namespace {

TEST(Sha2, IsAsTheStandardHasIt) {
  const auto hex = [](Sha2 kind) { return hex_encode(as_byte_span(sha2(kind, as_byte_span("abc")))); };
  EXPECT_EQ(hex(Sha2::k256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(Sha2::k384), "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(hex(Sha2::k512),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9a"
            "c94fa54ca49f");
}

}  // namespace
}  // namespace stele::crypto
