// The matcher keeps what it learns of paths from entry to entry, and entries of any form do it no harm.
#include "query/matcher.h"

#include <gtest/gtest.h>

#include <string>

#include "query/parse.h"

namespace stele::query {
namespace {

Term term_of(std::string_view text) { return std::get<Query>(parse_query(text, 0)).term; }

std::string entry_of(const std::string& event) {
  return R"({"stele":1,"id":"01a20935-07fb-7000-8908-070605040300","received":"2026-11-23T16:20:00.000000000Z",)"
         R"("source":{"id":"s","kind":"http"},"event":)" +
         event + "}";
}

TEST(Matcher, DecidesEachLeafWhateverCameInFront) {
  const Term term = term_of("(a:1 OR b:1) (c:1 OR -d:1)");
  Matcher matcher(term);
  EXPECT_TRUE(matcher.matches(0, entry_of(R"({"a":1,"c":1,"d":1})")));
  EXPECT_TRUE(matcher.matches(0, entry_of(R"({"b":1})")));
  EXPECT_FALSE(matcher.matches(0, entry_of(R"({"c":1})")));
  EXPECT_FALSE(matcher.matches(0, entry_of(R"({"a":1,"d":1})")));
}

TEST(Matcher, LearnsPathsThatComeLater) {
  const Term term = term_of("late:1");
  Matcher matcher(term);
  EXPECT_FALSE(matcher.matches(0, entry_of(R"({"early":1})")));
  EXPECT_TRUE(matcher.matches(1, entry_of(R"({"early":1,"attributes":{"late":1}})")));
  EXPECT_TRUE(matcher.matches(2, entry_of(R"({"late":[2,{"x":1},1]})")));
}

TEST(Matcher, GoesOnWhenPathsAreNumberedAnew) {
  const Term term = term_of("wanted:1");
  Matcher matcher(term);
  for (std::size_t i = 0; i <= event::Scalars::kPathsMax + 10; ++i)
    ASSERT_FALSE(matcher.matches(i, entry_of(R"({"n)" + std::to_string(i) + R"(":1})")));
  EXPECT_TRUE(matcher.matches(0, entry_of(R"({"wanted":1})")));
}

TEST(Matcher, SearchesAnywhereButTimeAndOriginalAndWhatIsDerived) {
  for (const auto* path : {"action", "source.id", "originals", "times", "attributes.original"})
    EXPECT_TRUE(is_anywhere(Term(), path)) << path;
  for (const auto* path : {"time", "original", "original.$base64", "derived.by"}) EXPECT_FALSE(is_anywhere(Term(), path)) << path;
  Term masked;
  masked.paths = {"actor"};
  EXPECT_FALSE(is_anywhere(masked, "actor.id"));
  EXPECT_TRUE(is_anywhere(masked, "actors.id"));
}

TEST(Matcher, FindsNoScalarsInWhatIsNoEntry) {
  for (const auto* query : {"a", "a:*", "since:2026-11-23", "received:2026-11-23", "id:01a20935-07fb-7000-8908-070605040300"}) {
    const Term term = term_of(query);
    Matcher matcher(term);
    for (const std::string& entry : {std::string(), std::string("{"), std::string(200, 'a')})
      EXPECT_FALSE(matcher.matches(0, entry)) << query;
  }
  const Term place = term_of("idx:3 -a:*");
  EXPECT_TRUE(Matcher(place).matches(3, ""));
}

}  // namespace
}  // namespace stele::query
