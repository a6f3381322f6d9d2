// Goal: a packed file comes out the same in whatever pieces it is read, and damage is told.
#include "net/decompressor.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace stele::net {
namespace {

std::string gzipped(const std::string& text) {
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  deflateInit2(&stream, 6, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstded(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// What comes out, or the error's sentence.
std::string unpacked(const std::string& bytes, std::size_t step) {
  const auto decompressor = make_decompressor(bytes);
  if (!decompressor) return "none";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (const Status status = decompressor->feed(std::string_view(bytes).substr(at, step), out); !status)
      return status.error().message;
  }
  const Status end = decompressor->end();
  return end ? out : end.error().message;
}

TEST(Decompressor, gives_the_same_in_whatever_pieces) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + "\n";
  for (const std::string& packed : {gzipped(text), zstded(text)}) {
    for (const std::size_t step : {packed.size(), std::size_t{1000}}) EXPECT_TRUE(unpacked(packed, step) == text) << step;
    EXPECT_TRUE(unpacked(packed + packed, 4096) == text + text) << "members and frames may follow one another";
  }
  EXPECT_EQ(unpacked(gzipped("x"), 1), "x");
}

TEST(Decompressor, tells_damage_from_an_end) {
  EXPECT_EQ(unpacked(gzipped("hello").substr(0, 12), 5), "the gzip data is cut off");
  EXPECT_EQ(unpacked(zstded("hello").substr(0, 8), 5), "the zstd data is cut off");
  EXPECT_EQ(unpacked(gzipped("hello") + "no gzip", 100), "the gzip data is damaged");
  EXPECT_EQ(unpacked("plain text", 5), "none");
}

}  // namespace
}  // namespace stele::net
