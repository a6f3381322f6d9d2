#include "crypto/ed25519.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "crypto/random.h"

namespace stele::crypto {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> from_hex(std::string_view hex) {
  const std::string bytes = hex_decode(hex).value();
  std::array<std::uint8_t, N> array{};
  EXPECT_EQ(bytes.size(), N);
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), array.begin());
  return array;
}

struct Vector {
  std::string_view seed;
  std::string_view public_key;
  std::string_view message;
  std::string_view signature;
};

// RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc).
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

SigningKey key_of(const Vector& vector) { return SigningKey::from_seed(from_hex<32>(vector.seed)).value(); }

// Goal: keys, signatures and verdicts are those of the standard.
TEST(Ed25519, matches_the_vectors_of_rfc_8032) {
  for (const Vector& vector : kVectors) {
    const SigningKey key = key_of(vector);
    const std::string message = hex_decode(vector.message).value();
    const auto signature = from_hex<64>(vector.signature);
    EXPECT_EQ(key.public_key(), from_hex<32>(vector.public_key));
    EXPECT_EQ(key.seed(), from_hex<32>(vector.seed));
    EXPECT_EQ(key.sign(as_byte_span(message)), signature);
    EXPECT_TRUE(verify_ed25519(key.public_key(), as_byte_span(message), signature));
  }
}

// Goal: one changed bit anywhere, in key, message or signature, is noticed, and no error is left for the next TLS call.
TEST(Ed25519, refuses_any_change) {
  const SigningKey key = key_of(kVectors[2]);
  std::string message = "checkpoint";
  const Signature good = key.sign(as_byte_span(message));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Signature bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    EXPECT_FALSE(verify_ed25519(key.public_key(), as_byte_span(message), bad)) << bit;
  }
  for (std::size_t bit = 0; bit < 8 * key.public_key().size(); ++bit) {
    PublicKey other = key.public_key();
    other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ 1u << bit % 8);
    EXPECT_FALSE(verify_ed25519(other, as_byte_span(message), good)) << bit;
  }
  message[0] = 'C';
  EXPECT_FALSE(verify_ed25519(key.public_key(), as_byte_span(message), good));
  EXPECT_FALSE(verify_ed25519(key.public_key(), {}, good));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

// Goal: S + L in place of S is refused, else anyone could make a second signature of the same message.
TEST(Ed25519, refuses_a_malleated_signature) {
  // RFC 8032 section 5.1: the order of the group, little-endian.
  const auto order = from_hex<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const SigningKey key = key_of(kVectors[0]);
  Signature signature = key.sign({});
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const unsigned sum = signature[32 + i] + order[i] + carry;
    signature[32 + i] = static_cast<std::uint8_t>(sum);
    carry = sum >> 8;
  }
  EXPECT_FALSE(verify_ed25519(key.public_key(), {}, signature));
}

// Goal: a key can be moved, and leaves no copy of its secret behind.
TEST(Ed25519, wipes_the_seed_it_is_moved_from) {
  SigningKey first = key_of(kVectors[0]);
  SigningKey second = std::move(first);
  EXPECT_EQ(first.seed(), (std::array<std::uint8_t, 32>{}));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.sign({}), from_hex<64>(kVectors[0].signature));
  SigningKey third = key_of(kVectors[1]);
  third = std::move(second);
  EXPECT_EQ(second.seed(), (std::array<std::uint8_t, 32>{}));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(third.sign({}), from_hex<64>(kVectors[0].signature));
  EXPECT_EQ(third.public_key(), from_hex<32>(kVectors[0].public_key));
}

// Goal: a key depends on nothing but the randomness handed in, so that a run can be replayed.
TEST(Ed25519, generates_from_the_randomness_it_is_given) {
  class Fixed final : public Random {
   public:
    void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{7}); }
  };
  Fixed fixed;
  const SigningKey key = SigningKey::generate(fixed);
  EXPECT_EQ(key.public_key(), SigningKey::generate(fixed).public_key());
  EXPECT_TRUE(std::ranges::all_of(key.seed(), [](std::uint8_t byte) { return byte == 7; }));
  EXPECT_NE(SigningKey::generate(system_random()).public_key(), SigningKey::generate(system_random()).public_key());
}

// Goal: the system's randomness fills all it is given, also more than one call to OpenSSL can.
TEST(SystemRandom, fills_the_whole_span) {
  std::vector<std::uint8_t> bytes((std::size_t{1} << 20) + 1000);
  system_random().fill(bytes);
  const auto tail = std::span(bytes).last(1000);
  EXPECT_FALSE(std::ranges::all_of(tail, [](std::uint8_t byte) { return byte == 0; }));
  system_random().fill({});
}

}  // namespace
}  // namespace stele::crypto
