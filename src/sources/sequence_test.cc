// Numbers of a counter: what came in order, late, twice, begun anew, and what did not come.
#include "sources/sequence.h"
#include "base/clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace stele::sources {
namespace {

constexpr UnixNanos kAllowed = 8 * kSecond;

void add(Sequence& sequence, std::uint64_t from, std::uint64_t to, UnixNanos at) {
  for (std::uint64_t n = from; n <= to; ++n) sequence.add(n, at);
}

using Ranges = std::vector<NumberRange>;

// Goal: a gap is reported with its exact range, once, and not before its time.
TEST(Sequence, reports_a_gap_once_when_it_is_old_enough) {
  Sequence sequence;
  add(sequence, 1, 10, kSecond);
  add(sequence, 14, 20, 2 * kSecond);
  EXPECT_EQ(sequence.missing(), 3U);
  EXPECT_TRUE(sequence.overdue(9 * kSecond, kAllowed, 0).empty());
  EXPECT_EQ(sequence.overdue(10 * kSecond, kAllowed, 0), (Ranges{{11, 13}}));
  EXPECT_TRUE(sequence.overdue(20 * kSecond, kAllowed, 0).empty());
  sequence.set_reported({11, 13});
  EXPECT_TRUE(sequence.overdue(20 * kSecond, kAllowed, 0).empty());
}

// Goal: what did not get into the log is asked for again, what did is not.
TEST(Sequence, asks_again_only_for_what_is_not_reported) {
  Sequence sequence;
  for (const unsigned n : {1U, 3U, 5U}) sequence.add(n, kSecond);
  EXPECT_EQ(sequence.overdue(100 * kSecond, kAllowed, 0), (Ranges{{2, 2}, {4, 4}}));
  sequence.set_reported({2, 2});
  sequence.ask_again();
  EXPECT_EQ(sequence.overdue(100 * kSecond, kAllowed, 0), (Ranges{{4, 4}}));
}

// Goal: nothing counts as missing from before anybody was there to receive it again.
TEST(Sequence, waits_after_its_reader_began) {
  Sequence sequence;
  sequence.add(1, kSecond);
  sequence.add(3, kSecond);
  EXPECT_TRUE(sequence.overdue(107 * kSecond, kAllowed, 100 * kSecond).empty());
  EXPECT_EQ(sequence.overdue(108 * kSecond, kAllowed, 100 * kSecond).size(), 1U);
}

// Goal: a gap that is filled in time is none; one that was reported is told to be filled when its last number came.
TEST(Sequence, notices_when_a_gap_is_filled) {
  Sequence sequence;
  for (const unsigned n : {1U, 4U, 2U, 3U}) sequence.add(n, kSecond);
  EXPECT_TRUE(sequence.overdue(100 * kSecond, kAllowed, 0).empty());
  sequence.add(8, kSecond);
  EXPECT_EQ(sequence.overdue(100 * kSecond, kAllowed, 0), (Ranges{{5, 7}}));
  sequence.set_reported({5, 7});
  sequence.add(6, 100 * kSecond);
  sequence.add(5, 100 * kSecond);
  EXPECT_TRUE(sequence.filled().empty());
  sequence.add(7, 100 * kSecond);
  EXPECT_EQ(sequence.filled(), (Ranges{{5, 7}}));
  EXPECT_TRUE(sequence.filled().empty());
  sequence.ask_again();
  EXPECT_EQ(sequence.filled(), (Ranges{{5, 7}}));
  sequence.set_filled({5, 7});
  sequence.ask_again();
  EXPECT_TRUE(sequence.filled().empty());
  EXPECT_EQ(sequence.missing(), 0U);
  EXPECT_EQ(sequence.state().late, 5U);
}

// Goal: a gap that splits while its report is on its way is not reported again in parts.
TEST(Sequence, does_not_report_what_is_left_of_a_gap_on_its_way) {
  Sequence sequence;
  sequence.add(1, kSecond);
  sequence.add(10, kSecond);
  EXPECT_EQ(sequence.overdue(100 * kSecond, kAllowed, 0), (Ranges{{2, 9}}));
  sequence.add(5, 100 * kSecond);
  EXPECT_TRUE(sequence.overdue(101 * kSecond, kAllowed, 0).empty());
  sequence.set_reported({2, 9});
  EXPECT_TRUE(sequence.overdue(101 * kSecond, kAllowed, 0).empty());
  for (const unsigned n : {2U, 3U, 4U, 6U, 7U, 8U, 9U}) sequence.add(n, 101 * kSecond);
  EXPECT_EQ(sequence.filled(), (Ranges{{2, 9}}));
}

// Goal: a counter that begins anew is no gap and hides none.
TEST(Sequence, takes_a_counter_that_begins_anew_for_what_it_is) {
  Sequence sequence;
  add(sequence, 1, 500, kSecond);
  add(sequence, 1, 3, 10 * kSecond);
  add(sequence, 4, 6, 30 * kSecond);
  EXPECT_EQ(sequence.state().restarts, 1U);
  EXPECT_EQ(sequence.state().runs.size(), 2U);
  EXPECT_EQ(sequence.missing(), 0U);
  EXPECT_EQ(sequence.received(), 506U);
  sequence.add(8, 40 * kSecond);
  EXPECT_EQ(sequence.overdue(100 * kSecond, kAllowed, 0), (Ranges{{7, 7}}));
}

// Goal: what is sent a second time is not taken for a new count.
TEST(Sequence, recognises_repeats_that_look_like_a_new_count) {
  Sequence sequence;
  add(sequence, 1, 100, kSecond);
  add(sequence, 1, 100, 2 * kSecond);
  add(sequence, 101, 200, 3 * kSecond);
  EXPECT_EQ(sequence.missing(), 0U);
  EXPECT_EQ(sequence.state().restarts, 0U);
  EXPECT_EQ(sequence.state().repeated, 100U);
  EXPECT_EQ(sequence.received(), 200U);
}

// Goal: a count that was met in its middle and then begins at one did not lose what lies between.
TEST(Sequence, a_low_number_long_after_the_first_is_another_count) {
  Sequence sequence;
  add(sequence, 5'000, 5'100, kSecond);
  sequence.add(4'990, 2 * kSecond);  // late, and so are those behind it
  EXPECT_EQ(sequence.missing(), 9U);
  add(sequence, 1, 50, 1000 * kSecond);
  EXPECT_EQ(sequence.missing(), 9U);
  EXPECT_EQ(sequence.state().restarts, 1U);
}

// Goal: a gap from before the counter began anew is reported once, also where the new count has come past its numbers.
TEST(Sequence, a_gap_belongs_to_the_count_that_has_it) {
  Sequence sequence;
  add(sequence, 1, 49, kSecond);
  add(sequence, 51, 100, kSecond);
  add(sequence, 1, 60, 5 * kSecond);  // begun anew, and not settled
  EXPECT_EQ(sequence.overdue(9 * kSecond, kAllowed, 0), (Ranges{{50, 50}}));
  sequence.set_reported({50, 50});
  EXPECT_TRUE(sequence.filled().empty());
  EXPECT_TRUE(sequence.overdue(9 * kSecond, kAllowed, 0).empty());
  sequence.add(61, 20 * kSecond);  // settled
  EXPECT_EQ(sequence.state().restarts, 1U);
  EXPECT_TRUE(sequence.overdue(30 * kSecond, kAllowed, 0).empty());
  EXPECT_EQ(sequence.missing(), 1U);
}

// Goal: what is reported as missing is missing on the page as well, also where nothing follows that settles a new beginning.
TEST(Sequence, counts_what_a_new_beginning_misses) {
  Sequence sequence;
  add(sequence, 1, 100, kSecond);
  sequence.add(1, 20 * kSecond);
  sequence.add(5, 21 * kSecond);
  EXPECT_EQ(sequence.overdue(60 * kSecond, kAllowed, 0), (Ranges{{2, 4}}));
  EXPECT_EQ(sequence.missing(), 3U);
  EXPECT_EQ(sequence.gaps(10), (Ranges{{2, 4}}));
  EXPECT_TRUE(sequence.gaps(0).empty());
  sequence.set_reported({2, 4});
  EXPECT_EQ(sequence.missing(), 3U);
}

// Goal: what many counts miss, in a log that is watched for the first time, is told and observed once each, in whatever order
// the reports got into the log.
TEST(Sequence, reports_each_count_s_gaps_once) {
  Sequence sequence;
  const Ranges missing{{50, 50}, {40, 60}, {50, 50}, {50, 55}};
  UnixNanos at = kSecond;
  for (const NumberRange range : missing) {
    add(sequence, 1, range.from - 1, at);
    add(sequence, range.to + 1, 100, at);
    at += 20 * kSecond;
  }
  sequence.add(101, at);
  at += 20 * kSecond;
  std::size_t reports = 0;
  for (int poll = 0; poll < 10; ++poll) {
    Ranges due = sequence.overdue(at, kAllowed, 0);
    std::reverse(due.begin(), due.end());
    for (const NumberRange range : due) sequence.set_reported(range);
    reports += due.size();
    EXPECT_TRUE(sequence.filled().empty());
  }
  EXPECT_EQ(reports, missing.size());
  EXPECT_EQ(sequence.missing(), 1U + 21U + 1U + 6U);
}

// Goal: whatever the order, what is received and what is missing are exact. Against a set of numbers.
TEST(Sequence, is_exact_in_any_order) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t n = 2; n <= 300; ++n) {
      if (random() % 4 != 0) numbers.push_back(n);
    }
    if (numbers.empty()) continue;
    auto sent = numbers;
    for (std::size_t i = 0; i + 1 < sent.size(); ++i) std::swap(sent[i], sent[std::min(sent.size() - 1, i + random() % 40)]);
    Sequence sequence;
    for (const std::uint64_t n : sent) sequence.add(n, kSecond);
    EXPECT_EQ(sequence.received(), numbers.size());
    EXPECT_EQ(sequence.missing(), numbers.back() - numbers.front() + 1 - numbers.size());
    for (const NumberRange range : sequence.gaps(1000)) {
      for (std::uint64_t n = range.from; n <= range.to; ++n) EXPECT_FALSE(std::binary_search(numbers.begin(), numbers.end(), n));
    }
  }
}

// Goal: a hostile counter costs no more memory than an honest one, and the sums stay right.
TEST(Sequence, keeps_a_bounded_number_of_gaps) {
  Sequence sequence;
  for (std::uint64_t i = 0; i < 3 * Sequence::kGapsMax; ++i) sequence.add(1 + 2 * i, kSecond);
  EXPECT_EQ(sequence.state().runs.back().gaps.size(), Sequence::kGapsMax);
  EXPECT_EQ(sequence.missing(), 3 * Sequence::kGapsMax - 1);
  sequence.add(UINT64_MAX, kSecond);
  EXPECT_EQ(sequence.state().runs.back().last, UINT64_MAX);
}

}  // namespace
}  // namespace stele::sources
