// HKDF against the vectors of RFC 5869, appendix A.
#include "crypto/hkdf.h"

#include <gtest/gtest.h>

namespace stele::crypto {
namespace {

std::string derived(const char* secret, const char* salt, const char* info) {
  const AeadKey key =
      hkdf_sha256(as_byte_span(hex_decode(secret).value()), as_byte_span(hex_decode(salt).value()), hex_decode(info).value());
  return hex_encode(std::as_bytes(std::span(key)));
}

// Goal: the first 32 bytes of the published output. Test cases 1 (with all), 2 (longer than a block) and 3 (no salt, no info).
TEST(Hkdf, gives_the_published_bytes) {
  EXPECT_EQ(derived("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9"),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  EXPECT_EQ(derived("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435"
                    "363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
                    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495"
                    "969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
                    "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5"
                    "e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
  EXPECT_EQ(hkdf_sha256({}, {}, ""), hkdf_sha256(as_byte_span(std::string()), as_byte_span(std::string()), {}));
  EXPECT_EQ(derived("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", ""),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

}  // namespace
}  // namespace stele::crypto
