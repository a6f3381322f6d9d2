// Bodies come out as they went in; bombs stop at the limit; what is damaged is refused.
#include "net/decompress.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <chrono>

#include "support/prng.h"

namespace stele::net {
namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string compress(std::string_view coding, std::string_view text) { return coding == "gzip" ? gzip(text) : zstd(text); }

std::string noise(std::size_t bytes) {
  testing::Prng prng(bytes);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(prng.next());
  return out;
}

constexpr std::uint64_t kLimit = 8U << 20;

class Decompress : public ::testing::TestWithParam<const char*> {
 protected:
  const std::string coding = GetParam();
};

// Goal: every length comes back, around the sizes of buffers too.
TEST_P(Decompress, gives_back_what_went_in) {
  for (const std::size_t size : {0U, 1U, 100U, 262'143U, 262'144U, 262'145U, 3'000'000U, 8U << 20}) {
    const std::string text = noise(size);
    const auto back = decompress(coding, compress(coding, text), kLimit);
    ASSERT_TRUE(back) << size;
    EXPECT_TRUE(*back == text) << size;
  }
  EXPECT_EQ(*decompress(coding == "gzip" ? "GZip" : "ZSTD", compress(coding, "any case"), kLimit), "any case");
}

// Goal: gzip members and zstd frames may follow one another, empty ones too.
TEST_P(Decompress, takes_several_members) {
  const std::string body = compress(coding, "one ") + compress(coding, "") + compress(coding, "two ") + compress(coding, "three");
  EXPECT_EQ(*decompress(coding, body, kLimit), "one two three");
  EXPECT_EQ(decompress(coding, body, 12).error().code, Code::kTooLarge);
  EXPECT_TRUE(decompress(coding, body, 13));
}

// Goal: many tiny members cost no more than their bytes.
TEST_P(Decompress, is_not_slowed_down_by_tiny_members) {
  std::string body;
  const std::string one = compress(coding, "");
  while (body.size() < 2U << 20) body += one;
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(decompress(coding, body, kLimit));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

// Goal: a bomb stops at the limit, without the memory that it asks for.
TEST_P(Decompress, stops_a_bomb_at_the_limit) {
  const std::string bomb = compress(coding, std::string(64U << 20, '\0'));
  EXPECT_LT(bomb.size(), 1U << 20);
  const auto began = std::chrono::steady_clock::now();
  const auto result = decompress(coding, bomb, 1000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kTooLarge);
  EXPECT_NE(result.error().message.find("1000"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(500));
  EXPECT_TRUE(decompress(coding, compress(coding, std::string(1000, 'x')), 1000)) << "exactly the limit is not over it";
  EXPECT_EQ(decompress(coding, compress(coding, std::string(1001, 'x')), 1000).error().code, Code::kTooLarge);
}

// Goal: a body cut off anywhere, or changed, is refused, never half believed.
TEST_P(Decompress, refuses_what_is_cut_off_or_damaged) {
  const std::string whole = compress(coding, "an event that is long enough to be compressed, compressed, compressed");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto result = decompress(coding, std::string_view(whole).substr(0, size), kLimit);
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, Code::kInvalid);
  }
  EXPECT_FALSE(decompress(coding, whole + "x", kLimit)) << "text after the end";
  EXPECT_FALSE(decompress(coding, "[{\"time\":\"not compressed at all\"}]", kLimit));
  EXPECT_FALSE(decompress(coding, noise(1000), kLimit));
  EXPECT_FALSE(decompress(coding, compress(coding == "gzip" ? "zstd" : "gzip", "the other"), kLimit));
}

INSTANTIATE_TEST_SUITE_P(Codings, Decompress, ::testing::Values("gzip", "zstd"));

TEST(Decompress, knows_identity_and_names_what_it_does_not_know) {
  EXPECT_EQ(*decompress("", "as it is", 8), "as it is");
  EXPECT_EQ(*decompress("Identity", "as it is", 8), "as it is");
  EXPECT_EQ(decompress("", "as it is", 7).error().code, Code::kTooLarge);
  for (const std::string_view coding : {"br", "deflate", "gzip, gzip", "gzip ", "zstd\n"}) {
    const auto result = decompress(coding, "x", kLimit);
    EXPECT_EQ(result.error().code, Code::kInvalid);
    EXPECT_NE(result.error().message.find(coding), std::string::npos);
  }
}

}  // namespace
}  // namespace stele::net
