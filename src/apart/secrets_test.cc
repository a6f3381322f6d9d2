// Every sample of the shipped file comes out as it says.
#include "apart/secrets.h"

#include <gtest/gtest.h>

namespace stele::apart {
namespace {

std::vector<Span> found_in(std::string_view text) {
  std::vector<Span> out;
  shipped_secrets().find(text, out);
  return out;
}

TEST(Secrets, finds_each_sample_and_no_more) {
  ASSERT_GT(shipped_secrets().samples().size(), 30U);
  for (const SecretSample& sample : shipped_secrets().samples()) {
    const auto spans = found_in(sample.text);
    if (sample.secret.empty()) {
      EXPECT_TRUE(spans.empty()) << sample.where << ": " << sample.text << " -> "
                                 << (spans.empty() ? "" : sample.text.substr(spans[0].from, spans[0].to - spans[0].from));
      continue;
    }
    ASSERT_EQ(spans.size(), 1U) << sample.where << ": " << sample.text;
    EXPECT_EQ(sample.text.substr(spans[0].from, spans[0].to - spans[0].from), sample.secret) << sample.where;
  }
}

// Goal: several in one text are told apart, in order.
TEST(Secrets, finds_several) {
  const std::string text = "password=hunter2 and postgres://ada:s3cret@db and token=abcdef123456";
  const auto spans = found_in(text);
  ASSERT_EQ(spans.size(), 3U);
  EXPECT_EQ(text.substr(spans[0].from, spans[0].to - spans[0].from), "hunter2");
  EXPECT_EQ(text.substr(spans[1].from, spans[1].to - spans[1].from), "s3cret");
  EXPECT_EQ(text.substr(spans[2].from, spans[2].to - spans[2].from), "abcdef123456");
}

TEST(Secrets, says_what_is_wrong_with_a_file) {
  EXPECT_FALSE(SecretFinder::make("- {secret: x, marks: [a], match: '('}"));
  EXPECT_FALSE(SecretFinder::make("- {secret: x, marks: [a], match: 'a'}"));
  EXPECT_FALSE(SecretFinder::make("- {"));
}

}  // namespace
}  // namespace stele::apart
