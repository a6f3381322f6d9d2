// Every word that stands in a text is found, wherever it stands and in whatever case, as a search for each finds it.
#include "apart/marks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/prng.h"

namespace stele::apart {
namespace {

using Words = std::vector<std::vector<std::string>>;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::uint64_t one_by_one(const Words& words, const std::string& text) {
  std::uint64_t bits = 0;
  for (std::size_t kind = 0; kind < words.size(); ++kind) {
    for (const std::string& word : words[kind])
      if (lower(text).find(word) != std::string::npos) bits |= std::uint64_t{1} << kind;
  }
  return bits;
}

// Goal: on random texts full of words and parts of words it says what a search for each word says.
TEST(Marks, are_found_as_one_by_one) {
  const Words words{{"passw", "pwd"}, {"://"}, {"eyj", "passw"}, {"-----begin"}, {"a"}, {"sg."}};
  const auto marks = Marks::make(words);
  ASSERT_TRUE(marks.ok());
  testing::Prng random(7);
  int found = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint64_t n = random.below(8); n > 0; --n) {
      const auto& kind = words[random.below(words.size())];
      std::string word = kind[random.below(kind.size())];
      if (random.chance(1, 2)) word.pop_back();
      if (random.chance(1, 3))
        for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      text += word;
      for (std::uint64_t filler = random.below(70); filler > 0; --filler) text += static_cast<char>(random.below(256));
    }
    const std::uint64_t bits = marks->find(text);
    ASSERT_EQ(bits, one_by_one(words, text)) << "round " << round;
    found += bits != 0 ? 1 : 0;
  }
  EXPECT_GT(found, 1000);
}

TEST(Marks, of_nothing_are_nowhere) {
  const auto marks = Marks::make({});
  ASSERT_TRUE(marks.ok());
  EXPECT_EQ(marks->find("anything"), 0U);
  const auto some = Marks::make(Words{{"a"}});
  EXPECT_EQ(some->find(""), 0U);
  EXPECT_EQ(some->find(std::string_view()), 0U);
  EXPECT_FALSE(Marks::make(Words{{""}}).ok());
  EXPECT_FALSE(Marks::make(Words(65, {"a"})).ok());
}

}  // namespace
}  // namespace stele::apart
