// Numbers are what RFC 8259 has, and compare by what they mean.
#include "query/number.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stele::query {
namespace {

TEST(Number, IsOneOfJson) {
  for (const auto* text : {"0", "-0", "7", "-12", "1.50", "0.5e-3", "1E+9", "123456789012345678901234567890"})
    EXPECT_TRUE(Number::parse(text)) << text;
  for (const auto* text :
       {"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "0x1", "1 ", " 1", "1_0", "inf", "nan", "--1", "1e5.0"})
    EXPECT_FALSE(Number::parse(text)) << text;
}

TEST(Number, ComparesByWhatItMeans) {
  // In rising order, equals in one.
  const std::vector<std::vector<std::string>> order{
      {"-1e999", "-2e400"},
      {"-9223372036854775808"},
      {"-3", "-3.0", "-30e-1"},
      {"-0", "0", "0.0", "0e5", "1e-999", "-1e-999", "0." + std::string(500, '0') + "1"},
      {"5e-300"},
      {"7.5", "75e-1"},
      {"9007199254740992"},
      {"9007199254740993"},
      {"9223372036854775807"},
      {"1" + std::string(30, '0'), "1e30"},
      {"1e999", "1" + std::string(400, '0')},
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      for (const std::string& a : order[i]) {
        for (const std::string& b : order[j]) {
          const int sign = Number::parse(a)->compare(*Number::parse(b));
          EXPECT_TRUE(i < j ? sign < 0 : i > j ? sign > 0 : sign == 0) << a << " " << b;
        }
      }
    }
  }
  EXPECT_EQ(Number::of(7).compare(*Number::parse("7.0")), 0);
}

}  // namespace
}  // namespace stele::query
