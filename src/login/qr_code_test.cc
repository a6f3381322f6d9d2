// tests/access/test_people.py has another program read one.
#include "login/qr_code.h"

#include <gmock/gmock.h>

namespace stele::login {
namespace {

TEST(QrCode, IsAsLargeAsItsTextNeedsAndStandsUpright) {
  const auto rows = qr_code("otpauth://totp/Stele:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Stele");
  ASSERT_EQ(rows.size(), 37U) << "version 5";
  for (const std::string& row : rows) {
    ASSERT_EQ(row.size(), rows.size());
    EXPECT_EQ(row.find_first_not_of("01"), std::string::npos);
  }
  const std::vector<std::string> finder{"1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"};
  for (std::size_t i = 0; i < finder.size(); ++i) {
    EXPECT_EQ(rows[i].substr(0, 8), finder[i] + "0");
    EXPECT_EQ(rows[i].substr(29), "0" + finder[i]);
    EXPECT_EQ(rows[30 + i].substr(0, 8), finder[i] + "0");
    EXPECT_NE(rows[30 + i].substr(30), finder[i]);
  }
}

TEST(QrCode, WhatDoesNotFitIsNone) {
  EXPECT_EQ(qr_code(std::string(2'331, 'a')).size(), 177U);
  EXPECT_THAT(qr_code(std::string(2'332, 'a')), ::testing::IsEmpty());
  EXPECT_THAT(qr_code(std::string_view("a\0b", 3)), ::testing::IsEmpty());
  EXPECT_THAT(qr_code(""), ::testing::IsEmpty());
}

}  // namespace
}  // namespace stele::login
