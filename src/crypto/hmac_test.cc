#include "crypto/hmac.h"

#include <gtest/gtest.h>

namespace stele::crypto {
namespace {

// Goal: the vectors of RFC 4231, sections 4.2, 4.3 and 4.7 (a key longer than a block).
TEST(HmacSha256, gives_the_published_values) {
  EXPECT_EQ(hex_encode(as_byte_span(hmac_sha256(as_byte_span(std::string(20, '\x0b')), as_byte_span("Hi There")))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex_encode(as_byte_span(hmac_sha256(as_byte_span("Jefe"), as_byte_span("what do ya want for nothing?")))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex_encode(as_byte_span(hmac_sha256(as_byte_span(std::string(131, '\xaa')),
                                                as_byte_span("Test Using Larger Than Block-Size Key - Hash Key First")))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(EqualInConstantTime, compares_all) {
  EXPECT_TRUE(equal_in_constant_time(as_byte_span("abc"), as_byte_span("abc")));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  for (const std::string_view other : {"", "ab", "abd", "xbc", "abcd"})
    EXPECT_FALSE(equal_in_constant_time(as_byte_span("abc"), as_byte_span(other))) << other;
}

}  // namespace
}  // namespace stele::crypto
