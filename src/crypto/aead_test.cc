// AES-256-GCM against published vectors, and against every change of a bit.
#include "crypto/aead.h"

#include <gtest/gtest.h>

namespace stele::crypto {
namespace {

// Goal: the bytes are those of the standard. Test cases 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation".
TEST(Aead, gives_the_published_bytes) {
  const auto zeros = aead_seal({}, {}, {}, as_byte_span(std::string(16, '\0')));
  EXPECT_EQ(hex_encode(as_byte_span(zeros)), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");

  AeadKey key{};
  AeadNonce nonce{};
  const auto take = [](auto& out, const char* hex) {
    const auto bytes = hex_decode(hex).value();
    ASSERT_EQ(bytes.size(), out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
  };
  take(key, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  take(nonce, "cafebabefacedbaddecaf888");
  const std::string plain =
      hex_decode(
          "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa"
          "0de657ba637b39")
          .value();
  const std::string associated = hex_decode("feedfacedeadbeeffeedfacedeadbeefabaddad2").value();
  const auto sealed = aead_seal(key, nonce, as_byte_span(associated), as_byte_span(plain));
  EXPECT_EQ(
      hex_encode(as_byte_span(sealed)),
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b");
  EXPECT_EQ(*aead_open(key, nonce, as_byte_span(associated), as_byte_span(sealed)), plain);
}

TEST(Aead, opens_nothing_that_was_changed) {
  const AeadKey key{1};
  const std::string sealed =
      aead_seal(key, {2}, as_byte_span(std::string_view("about")), as_byte_span(std::string_view("secret")));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(aead_open(key, {2}, as_byte_span(std::string_view("about")), as_byte_span(changed)));
  }
  EXPECT_FALSE(aead_open({3}, {2}, as_byte_span(std::string_view("about")), as_byte_span(sealed)));
  EXPECT_FALSE(aead_open(key, {3}, as_byte_span(std::string_view("about")), as_byte_span(sealed)));
  EXPECT_FALSE(aead_open(key, {2}, as_byte_span(std::string_view("other")), as_byte_span(sealed)));
  EXPECT_FALSE(aead_open(key, {2}, {}, as_byte_span(sealed.substr(0, 10))));
  EXPECT_EQ(*aead_open(key, {2}, as_byte_span(std::string_view("about")), as_byte_span(sealed)), "secret");
}

}  // namespace
}  // namespace stele::crypto
