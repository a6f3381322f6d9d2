// Tokens are what docs/formats/access.md says, and nothing that only looks like one is.
#include "access/token.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/random.h"
#include "crypto/sha256.h"

namespace stele::access {
namespace {

class Counting final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

// Goal: the documented form, from bytes 0, 1, 2, …; the check is worked out apart from this code.
TEST(Token, has_its_documented_form) {
  Counting random;
  const NewToken token = make_token(random);
  EXPECT_EQ(token.id, "000g40r40m");
  EXPECT_EQ(token.text.substr(0, 17), "stele_000g40r40m_");
  EXPECT_EQ(token.text.substr(17, 52), "0w40j2gb1g6gw3rg2491650n2rbhg68t3ce1t7gz40gj48s44mk0") << token.text;
  EXPECT_EQ(token.text.substr(69), "fjg125");
  EXPECT_EQ(token.digest, crypto::sha256(as_byte_span(token.text)));
}

// Goal: what was made is read, with its id and digest; no two are the same.
TEST(Token, is_read_back) {
  std::set<std::string> texts;
  for (int i = 0; i < 100; ++i) {
    const NewToken token = make_token(crypto::system_random());
    const auto shown = read_token(token.text);
    ASSERT_TRUE(shown) << token.text;
    EXPECT_TRUE(is_whole_token(token.text));
    EXPECT_EQ(shown->id, token.id);
    EXPECT_TRUE(same_digest(shown->digest, token.digest));
    EXPECT_TRUE(texts.insert(token.text).second);
  }
}

// Goal: a token with any one character changed, cut, or longer is none: it is told without looking it up; and it is not taken for
// the one that it was.
TEST(Token, is_none_when_any_character_is_another) {
  const NewToken token = make_token(crypto::system_random());
  for (std::size_t at = 0; at < token.text.size(); ++at) {
    for (const char other : {'0', 'z', 'l', 'A', '_', '-', '\0', '\xff'}) {
      std::string text = token.text;
      if (text[at] == other) continue;
      text[at] = other;
      EXPECT_FALSE(is_whole_token(text)) << at << " " << other;
      const auto shown = read_token(text);
      EXPECT_TRUE(!shown || !same_digest(shown->digest, token.digest)) << at << " " << other;
    }
    EXPECT_FALSE(read_token(token.text.substr(0, at)));
  }
  for (const std::string& longer : {token.text + "0", " " + token.text}) {
    EXPECT_FALSE(read_token(longer));
    EXPECT_FALSE(is_whole_token(longer));
  }
}

TEST(Token, digests_differ_wherever_they_differ) {
  const Hash zero{};
  EXPECT_TRUE(same_digest(zero, Hash{}));
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Hash other{};
    other[bit / 8] = static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(same_digest(zero, other)) << bit;
  }
}

}  // namespace
}  // namespace stele::access
