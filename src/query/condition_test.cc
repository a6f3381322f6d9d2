// What each kind of condition says of a scalar's text.
#include "query/condition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "query/pattern.h"

namespace stele::query {
namespace {

Condition like(std::string_view pattern) { return Condition::like(split_pattern(pattern)); }

TEST(Condition, IsExactlyTheValue) {
  EXPECT_TRUE(Condition::is("Ada")("Ada"));
  EXPECT_FALSE(Condition::is("Ada")("ada"));
  EXPECT_FALSE(Condition::is("Ada")("Ada "));
  EXPECT_TRUE(Condition::any()(""));
}

TEST(Condition, MatchesTheWholeOrWordsOfATextOneAfterTheOther) {
  const auto match = Condition::match("Wire-Transfer");
  EXPECT_TRUE(match("wire-transfer"));
  EXPECT_TRUE(match("a wire transfer"));
  EXPECT_TRUE(match("wire, (transfer) done"));
  EXPECT_TRUE(match("wire wire transfer"));
  EXPECT_FALSE(match("wire.transfer"));  // no text
  EXPECT_FALSE(match("wire a transfer"));
  EXPECT_FALSE(match("transfer wire"));
  EXPECT_FALSE(match("barbwire transfer"));
  EXPECT_FALSE(match("wire transfers"));
  EXPECT_FALSE(match("wire "));
  EXPECT_TRUE(Condition::match("")(""));
  EXPECT_FALSE(Condition::match("")("a b"));
  EXPECT_TRUE(Condition::match("--")("--"));
  EXPECT_FALSE(Condition::match("--")("a -- b"));
  EXPECT_FALSE(Condition::words("wire")("wire"));
  EXPECT_TRUE(Condition::words("WIRE")("the wire"));
}

TEST(Condition, FindsWordsThatBeginAnewWithinThemselves) {
  EXPECT_TRUE(Condition::words("a a b")("a a a b"));
  EXPECT_TRUE(Condition::words("a b a b c")("x a b a b a b c"));
  EXPECT_FALSE(Condition::words("a b a b c")("a b a b a b"));
  EXPECT_TRUE(Condition::words("a b")("a ab a-b"));
  EXPECT_FALSE(Condition::words("a b")("ab a ba b"));
  // Words by chance against looking at each place.
  std::uint32_t state = 7;
  const auto below = [&](std::uint32_t n) { return (state = state * 1'664'525U + 1'013'904'223U) / 65'536U % n; };
  for (int i = 0; i < 20'000; ++i) {
    std::vector<char> text;
    std::vector<char> wanted;
    for (std::uint32_t n = 2 + below(9); n > 0; --n) text.push_back("ab"[below(2)]);
    for (std::uint32_t n = 1 + below(5); n > 0; --n) wanted.push_back("ab"[below(2)]);
    const auto spaced = [](const std::vector<char>& letters) {
      std::string out;
      for (const char c : letters) out += std::string(out.empty() ? "" : " ") + c;
      return out;
    };
    const bool stands = std::search(text.begin(), text.end(), wanted.begin(), wanted.end()) != text.end();
    EXPECT_EQ(Condition::words(spaced(wanted))(spaced(text)), stands) << spaced(wanted) << " in " << spaced(text);
  }
}

TEST(Condition, IsLikeAPatternAsAWhole) {
  EXPECT_TRUE(like("a*b")("AB"));
  EXPECT_TRUE(like("a*b")("a--b"));
  EXPECT_FALSE(like("a*b")("a--b "));
  EXPECT_FALSE(like("a*a")("a"));
  EXPECT_TRUE(like("*ab*ab*")("xabab"));
  EXPECT_FALSE(like("*ab*ab*")("xabb"));
  EXPECT_TRUE(like("**")(""));
  EXPECT_TRUE(like(R"(a\*)")("A*"));
  EXPECT_FALSE(like(R"(a\*)")("ab"));
  EXPECT_TRUE(like(R"(a\\*)")(R"(a\b)"));
}

TEST(Condition, FindsPartsNumbersAndAddresses) {
  EXPECT_TRUE(Condition::contains("RE T")("wire transfer"));
  EXPECT_FALSE(Condition::contains("re-t")("wire transfer"));
  const auto within = Condition::number(Condition::Bound{Number::of(5), false}, Condition::Bound{Number::of(7), true});
  for (const auto* text : {"5.1", "7", "7.0", "6e0"}) EXPECT_TRUE(within(text)) << text;
  for (const auto* text : {"5", "7.1", "six", "", " 6"}) EXPECT_FALSE(within(text)) << text;
  EXPECT_TRUE(Condition::number({}, {})("1"));
  const auto range = Condition::address(*AddressRange::parse("2001:db8::/32"));
  EXPECT_TRUE(range("2001:DB8::5%eth0"));
  EXPECT_FALSE(range("2001:db9::5"));
  EXPECT_FALSE(range("from 2001:db8::5"));
}

TEST(Pattern, SplitsAtItsStars) {
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(split_pattern(""), (Pieces{""}));
  EXPECT_EQ(split_pattern("a*b"), (Pieces{"a", "b"}));
  EXPECT_EQ(split_pattern("*"), (Pieces{"", ""}));
  EXPECT_EQ(split_pattern(R"(a\*b*)"), (Pieces{"a*b", ""}));
  EXPECT_EQ(split_pattern(R"(\\a\)"), (Pieces{R"(\\a\)"}));
  EXPECT_EQ(split_pattern(R"(\\*\\\*)"), (Pieces{R"(\)", R"(\*)"}));
  EXPECT_TRUE(is_anything(split_pattern("**")));
  EXPECT_FALSE(is_anything(split_pattern("")));
  EXPECT_FALSE(is_anything(split_pattern(R"(\*)")));
}

}  // namespace
}  // namespace stele::query
