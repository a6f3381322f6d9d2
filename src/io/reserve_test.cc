// Goal: what is reserved stays free of all but him it is reserved for, and is refused as a full disk is.
#include "io/reserve.h"

#include <gtest/gtest.h>

#include <array>

#include "support/temp_folder.h"

namespace stele::io {
namespace {

class ReserveTest : public ::testing::Test {
 protected:
  static Status write(File& file, std::uint64_t offset, std::string_view text) {
    const std::array<ByteSpan, 1> parts{as_byte_span(text)};
    return file.write_at(offset, parts);
  }
  testing::TempFolder dir_;
  std::string path_ = dir_.path() + "/file";
};

TEST_F(ReserveTest, WhatIsFreeBesidesCanBeWritten) {
  Reserving fs(posix(), dir_.path());
  fs.keep(4096);
  auto file = fs.open_write(path_, 0600);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(write(**file, 0, "seven"));
  EXPECT_TRUE((*file)->sync());
  EXPECT_EQ(*read_file(fs, path_, 100), "seven");
}

TEST_F(ReserveTest, NothingGrowsIntoIt) {
  ASSERT_TRUE(write_file(posix(), path_, "12345678", 0600));
  Reserving fs(posix(), dir_.path());
  EXPECT_TRUE(fs.open_write(dir_.path() + "/early", 0600)) << "nothing is kept yet";
  fs.keep(UINT64_MAX);
  const auto begun = fs.open_write(dir_.path() + "/other", 0600);
  ASSERT_FALSE(begun);
  EXPECT_NE(begun.error().message.find("/other: No space left on device, but for the"), std::string::npos)
      << begun.error().message;
  EXPECT_FALSE(fs.exists(dir_.path() + "/other"));
  auto file = fs.open_write(path_, 0600);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(write(**file, 3, "xyz")) << "what it has already it may write anew";
  EXPECT_TRUE((*file)->truncate(7));
  EXPECT_FALSE(write(**file, 6, "ab"));
  EXPECT_FALSE(write(**file, 0, "a")) << "after one failure none is written any more";
  EXPECT_FALSE((*file)->sync());
  EXPECT_EQ(*read_file(posix(), path_, 100), "123xyz7");
}

TEST_F(ReserveTest, OfASmallDiskLittleIsKept) {
  const auto space = space_at(dir_.path());
  const auto reserve = reserve_of(dir_.path());
  ASSERT_TRUE(space && reserve);
  EXPECT_LE(*reserve, space->bytes / 16);
  EXPECT_LE(*reserve, 64U << 20);
  EXPECT_GT(*reserve, 0U);
  EXPECT_FALSE(reserve_of(dir_.path() + "/absent"));
}

}  // namespace
}  // namespace stele::io
