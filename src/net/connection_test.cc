#include "net/connection.h"

#include <gtest/gtest.h>

namespace stele::net {
namespace {

using Indices = std::vector<std::size_t>;

TEST(LongestWaiting, is_who_waits_longest) {
  const std::vector<Waiting> all{{"a", 30}, {"b", 10}, {"c", 20}};
  EXPECT_EQ(longest_waiting(all, 1, 1), Indices{1});
  EXPECT_EQ(longest_waiting(all, 1, 2), (Indices{1, 2}));
  EXPECT_EQ(longest_waiting(all, 1, 9), (Indices{1, 2, 0}));
  EXPECT_EQ(longest_waiting(all, 1, 0), Indices{});
  EXPECT_EQ(longest_waiting({}, 1, 3), Indices{});
}

// Goal: a crowd of one network is in its own way first, down to its share, the larger crowd before the smaller.
TEST(LongestWaiting, is_of_a_network_that_has_more_than_its_share) {
  const std::vector<Waiting> all{{"few", 1}, {"some", 2}, {"many", 5}, {"many", 3}, {"some", 8}, {"many", 4}, {"many", 6}};
  EXPECT_EQ(longest_waiting(all, 2, 1), Indices{3});
  EXPECT_EQ(longest_waiting(all, 2, 2), (Indices{3, 5}));
  EXPECT_EQ(longest_waiting(all, 2, 4), (Indices{3, 5, 0, 1}));
  EXPECT_EQ(longest_waiting(all, 1, 4), (Indices{3, 5, 2, 1}));
}

}  // namespace
}  // namespace stele::net
