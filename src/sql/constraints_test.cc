// Terms mean every row for which SQLite's comparison holds, and perhaps more.
#include "sql/constraints.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <random>

namespace stele::sql {
namespace {

const Column& column(std::string_view name) {
  return *std::find_if(columns().begin(), columns().end(), [&](const Column& one) { return one.name == name; });
}

bool holds(const std::string& left, Compare compare, std::string_view right) {
  switch (compare) {
    case Compare::kEqual: return left == right;
    case Compare::kLess: return left < right;
    case Compare::kAtMost: return left <= right;
    case Compare::kMore: return left > right;
    case Compare::kAtLeast: return left >= right;
    case Compare::kLike: return sqlite3_strlike(std::string(right).c_str(), left.c_str(), 0) == 0;
    default: return sqlite3_strglob(std::string(right).c_str(), left.c_str()) == 0;
  }
}

bool has_time(const query::Term& term, UnixNanos time) {
  if (term.kind == query::Term::Kind::kIndex) return term.first < term.end;
  return (!term.from || *term.from <= time) && (!term.before || time < *term.before);
}

// Goal: what is compared with a time may be any text at all, and each moment for which it holds is meant; without patterns, no
// other.
TEST(Constraints, TimesCompareAsTheirTextsDo) {
  constexpr std::array kCompares{Compare::kEqual,   Compare::kLess, Compare::kAtMost, Compare::kMore,
                                 Compare::kAtLeast, Compare::kLike, Compare::kGlob};
  const std::array<std::string, 16> texts{"",
                                          "2",
                                          "2026",
                                          "2026-10-05",
                                          "2026-10-05T",
                                          "2026-10-05T12:00:00.000000000Z",
                                          "2026-10-05T12:00:00.000000000Zx",
                                          "2026-10-05t12%",
                                          "2026-1_-05%",
                                          "2026-10-0?T*",
                                          "*",
                                          "%",
                                          "9999",
                                          "1",
                                          "zebra",
                                          "\xff"};
  std::mt19937_64 random(5);
  std::vector<UnixNanos> times{0, -1, 1, -9'214'560'000'000'000'000, 9'214'646'399'999'999'999};
  const UnixNanos noon = *parse_time("2026-10-05T12:00:00Z");
  for (const UnixNanos offset : {-1, 0, 1}) times.push_back(noon + offset);
  for (int i = 0; i < 50; ++i)
    times.push_back(noon + static_cast<UnixNanos>(random() % 200'000'000'000'000) - 100'000'000'000'000);
  for (const Compare compare : kCompares) {
    const bool pattern = compare == Compare::kLike || compare == Compare::kGlob;
    for (const std::string& text : texts) {
      const auto term = term_of(column("time"), compare, std::string_view(text));
      ASSERT_TRUE(term);
      for (const UnixNanos time : times) {
        const bool right = holds(format_time(time), compare, text);
        if (right || !pattern) EXPECT_EQ(has_time(*term, time), right) << format_time(time) << static_cast<char>(compare) << text;
      }
    }
  }
}

// Goal: a text that is like a pattern for SQLite passes the term's test, however odd the pattern.
TEST(Constraints, PatternsLoseNothing) {
  std::mt19937 random(9);
  const auto made = [&](std::string_view letters) {
    std::string out;
    for (auto left = random() % 7; left > 0; --left) out.push_back(letters[random() % letters.size()]);
    return out;
  };
  int alike = 0;
  for (int i = 0; i < 200'000; ++i) {
    const Compare compare = i % 2 == 0 ? Compare::kLike : Compare::kGlob;
    const std::string pattern = made("aAb%_*?[]^\\-");
    const std::string text = made("aAb%*[\\-]");
    const auto term = term_of(column("action"), compare, std::string_view(pattern));
    ASSERT_TRUE(term && term->test);
    if (!holds(text, compare, pattern)) continue;
    ++alike;
    ASSERT_TRUE((*term->test)(text)) << pattern << " " << text;
  }
  EXPECT_GT(alike, 1000);
}

TEST(Constraints, SayNothingAboutWhatSqliteWouldConvert) {
  EXPECT_FALSE(term_of(column("action"), Compare::kEqual, std::int64_t{7}));
  EXPECT_FALSE(term_of(column("idx"), Compare::kEqual, std::string_view("7")));
  EXPECT_FALSE(term_of(column("seq"), Compare::kMore, std::monostate()));
  EXPECT_FALSE(term_of(column("action"), Compare::kLess, std::string_view("x")));
  EXPECT_FALSE(term_of(column("action"), Compare::kLike, std::string_view("\xff%")));
  EXPECT_FALSE(term_of(column("entry"), Compare::kEqual, std::string_view("{}")));
}

TEST(Constraints, PlacesEndAtZero) {
  const auto range = [&](Compare compare, std::int64_t number) {
    const auto term = term_of(column("idx"), compare, number);
    return term->first < term->end
               ? std::to_string(term->first) + ".." + (term->end == UINT64_MAX ? "" : std::to_string(term->end))
               : "";
  };
  EXPECT_EQ(range(Compare::kEqual, 7), "7..8");
  EXPECT_EQ(range(Compare::kEqual, -1), "");
  EXPECT_EQ(range(Compare::kLess, 0), "");
  EXPECT_EQ(range(Compare::kAtMost, 0), "0..1");
  EXPECT_EQ(range(Compare::kMore, -1), "0..");
  EXPECT_EQ(range(Compare::kMore, 7), "8..");
  EXPECT_EQ(range(Compare::kAtLeast, INT64_MIN), "0..");
  EXPECT_EQ(range(Compare::kAtMost, INT64_MAX), "0..9223372036854775808");
}

TEST(Constraints, RefuseMomentsThatAreWrittenOtherwise) {
  const Column& time = column("time");
  for (const char* const right : {"2026-11-27T09:20:00.000000000Z", "2026-11-27", "2026-11-27T09:20:00", "soon", ""})
    EXPECT_TRUE(check_time(time, Compare::kMore, std::string_view(right))) << right;
  for (const char* const wrong :
       {"2026-11-27T09:20:00Z", "2026-11-27T10:20:00+01:00", "2026-11-27 09:20:00", "2026-11-27T09:20:00.5Z"}) {
    const Status refused = check_time(time, Compare::kEqual, std::string_view(wrong));
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().message.find("'2026-11-27T09:20:00."), std::string::npos) << refused.error().message;
  }
  EXPECT_TRUE(check_time(time, Compare::kGlob, std::string_view("2026-11-27T09:20:00Z")));
  EXPECT_TRUE(check_time(column("message"), Compare::kEqual, std::string_view("2026-11-27T09:20:00Z")));
}

}  // namespace
}  // namespace stele::sql
