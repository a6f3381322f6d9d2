// Goal: every line is answered for, and waiting is bounded.
#include "cli/delivery.h"

#include <gtest/gtest.h>

namespace stele::cli {
namespace {

const std::vector<BatchLine> kLines{{0, 11}, {5, 12}, {9, 15}};

Result<Outcome> read(int status, std::string body) { return read_outcome({status, std::move(body), 0}, kLines, "the server"); }

TEST(Outcome, reads_what_was_stored_and_what_was_refused) {
  const auto outcome = read(
      207,
      R"({"first":40,"count":2,"repeated":1,"refused":[{"at":2,"error":{"code":"missing","path":"/actor","message":"none"}}],)"
      R"("receipt":{"stele_receipt":1,"ranges":[{"first":40,"count":1,"proof":[]},{"first":99,"count":1,"proof":[]}]}})");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->stored, 2U);
  EXPECT_EQ(outcome->repeated, 1U);
  EXPECT_EQ(outcome->first, 40U);
  EXPECT_EQ(outcome->last, 99U);
  ASSERT_EQ(outcome->refused.size(), 1U);
  EXPECT_EQ(outcome->refused[0].line, 15U);
  EXPECT_EQ(outcome->refused[0].code, "missing");
  EXPECT_EQ(outcome->refused[0].path, "/actor");
  EXPECT_TRUE(outcome->receipts.empty());  // it is of no use without leaves
}

TEST(Outcome, reads_full_results_and_keeps_them_as_a_receipt) {
  const std::string body = R"({"results":[{"index":7,"id":"a","leaf":"x"},{"error":{"code":"missing","path":"","message":"m"}},)"
                           R"({"index":3,"id":"b","leaf":"y","repeated":true}],"receipt":{"stele_receipt":1}})";
  const auto outcome = read(207, body + "\n");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->stored, 2U);
  EXPECT_EQ(outcome->repeated, 1U);
  EXPECT_EQ(outcome->first, 3U);
  EXPECT_EQ(outcome->last, 7U);
  ASSERT_EQ(outcome->refused.size(), 1U);
  EXPECT_EQ(outcome->refused[0].line, 12U);
  EXPECT_EQ(outcome->receipts, std::vector<std::string>{body});
}

TEST(Outcome, none_stored_is_an_outcome_but_a_refused_request_is_an_error) {
  const auto none =
      read(400, R"({"first":null,"count":0,"refused":[{"at":0,"error":{}},{"at":1,"error":{}},{"at":2,"error":{}}]})");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->refused.size(), 3U);
  EXPECT_FALSE(none->first);
  const auto wrong = read(404, R"({"error":{"code":"not_found","message":"there is no log \"x\""}})");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kNotFound);
  EXPECT_EQ(wrong.error().message, "there is no log \"x\"");
}

TEST(Outcome, an_answer_that_misses_a_line_is_never_taken_for_success) {
  for (const char* body : {
           R"({"first":0,"count":2,"refused":[]})",
           R"({"first":0,"count":4,"refused":[]})",
           R"({"first":0,"count":3,"refused":[]})",  // no receipt
           R"({"first":0,"count":2,"refused":[{"at":3,"error":{}}]})",
           R"({"count":"3"})",
           R"({"results":[{"index":1},{"index":2}],"receipt":{}})",
           R"({"results":[{"index":1},{"index":2},{"index":3},{"index":4}],"receipt":{}})",
           R"({"results":[{"index":1},{"index":2},{}],"receipt":{}})",
           R"({"results":[{"index":1},{"index":2},{"index":3}]})",
           "<html>",
           "",
       }) {
    EXPECT_FALSE(read(200, body)) << body;
  }
}

TEST(Outcome, adds_up) {
  Outcome a{2, 1, 5, 6, {{1, "x", "", ""}}, {"r1"}};
  a.add({3, 0, 1, 9, {{2, "y", "", ""}}, {"r2"}});
  a.add({});
  EXPECT_EQ(a.stored, 5U);
  EXPECT_EQ(a.first, 1U);
  EXPECT_EQ(a.last, 9U);
  EXPECT_EQ(a.refused.size(), 2U);
  EXPECT_EQ(a.receipts, (std::vector<std::string>{"r1", "r2"}));
}

TEST(Retry, doubles_within_bounds_and_honours_the_server) {
  EXPECT_EQ(retry_millis(1, 0), 250);
  EXPECT_EQ(retry_millis(2, 0), 500);
  EXPECT_EQ(retry_millis(7, 0), 10'000);
  EXPECT_EQ(retry_millis(4'000'000'000U, 0), 10'000);
  EXPECT_EQ(retry_millis(1, 5), 5'000);
  EXPECT_EQ(retry_millis(7, 5), 10'000);
  EXPECT_EQ(retry_millis(1, 1'000'000'000'000), 60'000);
  EXPECT_EQ(retry_millis(1, -5), 250);
}

TEST(Url, encodes_what_is_not_plain) { EXPECT_EQ(url_encode("a b/ü&=~"), "a%20b%2F%C3%BC%26%3D~"); }

}  // namespace
}  // namespace stele::cli
