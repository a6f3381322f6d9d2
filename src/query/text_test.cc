// Case, words and texts as the query language has them.
#include "query/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace stele::query {
namespace {

TEST(Text, FoldsAsciiLettersAlone) {
  EXPECT_EQ(folded("AZ az @[ \xc3\x89"), "az az @[ \xc3\x89");
  EXPECT_TRUE(equal_folded("Ada", "aDA"));
  EXPECT_FALSE(equal_folded("Ada", "Ada "));
  EXPECT_LT(compare_folded("a", "B"), 0);
  EXPECT_LT(compare_folded("a", "AB"), 0);
  EXPECT_GT(compare_folded("\xc3", "Z"), 0);
  EXPECT_EQ(compare_folded("", ""), 0);
}

TEST(Text, HasWhiteSpaceInIt) {
  for (const auto* text : {" ", "a b", "a\tb", "a\r", "\nb"}) EXPECT_TRUE(is_text(text)) << text;
  for (const auto* text : {"", "a", "a\vb", "a\xc2\xa0"}) EXPECT_FALSE(is_text(text)) << text;
}

TEST(Text, HasWords) {
  std::string_view rest = " one,two_2\xc3\xa9--";
  EXPECT_EQ(next_word(rest), "one");
  EXPECT_EQ(next_word(rest), "two_2\xc3\xa9");
  EXPECT_EQ(next_word(rest), "");
  EXPECT_EQ(rest, "");
}

TEST(Text, FindsFoldedNeedles) {
  EXPECT_EQ(find_folded("xABcabC", "abc"), 1U);
  EXPECT_EQ(find_folded("xABcabC", "abc", 2), 4U);
  EXPECT_EQ(find_folded("xABcabC", "abc", 5), std::string_view::npos);
  EXPECT_EQ(find_folded("a", "ab"), std::string_view::npos);
  EXPECT_EQ(find_folded("a", "", 1), 1U);
  EXPECT_EQ(find_folded("a", "", 2), std::string_view::npos);
  EXPECT_EQ(find_folded("@[`{", "`"), 2U);  // neighbours of letters have no case
}

}  // namespace
}  // namespace stele::query
