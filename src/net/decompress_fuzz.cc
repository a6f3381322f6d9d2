// Bodies of any bytes, taken for compressed ones: nothing gets past the limit, the limit is exact, and what comes out is what
// the libraries' one-step functions give. And any bytes, compressed: they come back, and no part of them is believed alone.
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/decompress.h"

namespace {

using stele::Code;
using stele::net::decompress;

constexpr std::uint64_t kLimit = 1U << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

// All frames, each in one step. The one step also refuses a frame whose last block is empty and leaves it short of the size
// that it announced, which step by step zstd does not see.
bool zstd_gives(std::string_view body, const std::string& bytes) {
  std::string out;
  while (!body.empty()) {
    const std::size_t frame = ZSTD_findFrameCompressedSize(body.data(), body.size());
    if (ZSTD_isError(frame) != 0) return false;
    std::string piece(bytes.size() - out.size() + 1, '\0');
    const std::size_t n = ZSTD_decompress(piece.data(), piece.size(), body.data(), frame);
    if (ZSTD_isError(n) != 0) return ZSTD_getErrorCode(n) == ZSTD_error_corruption_detected;
    if (n >= piece.size()) return false;
    out.append(piece, 0, n);
    body.remove_prefix(frame);
  }
  return out == bytes;
}

// All members, each in one step.
bool gzip_gives(std::string_view body, const std::string& bytes) {
  std::string out;
  while (!body.empty()) {
    z_stream stream{};
    require(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
    std::string piece(bytes.size() - out.size() + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int rc = inflate(&stream, Z_FINISH);
    out.append(piece, 0, piece.size() - stream.avail_out);
    body.remove_prefix(body.size() - stream.avail_in);
    inflateEnd(&stream);
    if (rc != Z_STREAM_END) return false;
  }
  return out == bytes;
}

std::string gzip(std::string_view text, int level) {
  z_stream stream{};
  require(deflateInit2(&stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text, int level) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t n = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), level);
  require(ZSTD_isError(n) == 0);
  out.resize(n);
  return out;
}

void take_for_compressed(std::string_view coding, std::string_view body) {
  const auto out = decompress(coding, body, kLimit);
  if (!out) {
    require(out.error().code == Code::kTooLarge || out.error().code == Code::kInvalid);
    return;
  }
  require(out->size() <= kLimit);
  require(coding == "zstd" ? zstd_gives(body, *out) : gzip_gives(body, *out));
  const auto again = decompress(coding, body, out->size());
  require(again.ok() && *again == *out);
  if (!out->empty()) require(decompress(coding, body, out->size() - 1).error().code == Code::kTooLarge);
}

// `cut` and `level` come from the input.
void compress_and_back(std::string_view coding, std::string_view text, std::size_t cut, int level) {
  const std::string one = coding == "zstd" ? zstd(text, level) : gzip(text, level);
  const auto back = decompress(coding, one + one, kLimit);
  require(back.ok() && *back == std::string(text) + std::string(text));
  const auto part = decompress(coding, std::string_view(one).substr(0, cut % one.size()), kLimit);
  require(!part.ok() && part.error().code == Code::kInvalid);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view coding = (data[0] & 1U) != 0 ? "zstd" : "gzip";
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, std::min<std::size_t>(size - 3, kLimit / 2));
  if ((data[0] & 2U) != 0)
    compress_and_back(coding, rest, data[1] | static_cast<std::size_t>(data[2]) << 8, data[2] % 9 + 1);
  else
    take_for_compressed(coding, rest);
  return 0;
}
