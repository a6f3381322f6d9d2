#include "net/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <span>

namespace stele::net {
namespace {

constexpr std::size_t kStep = 256U << 10;    // room to begin with
constexpr std::size_t kPieceMax = 8U << 20;  // between two looks at the limit

Error too_large(std::uint64_t limit) {
  return {Code::kTooLarge, "the body has more than " + std::to_string(limit) + " bytes once decompressed"};
}

// What comes out of a decompressor, in room that is cleared once: an input of many tiny pieces costs no more than others.
class Output {
 public:
  // Room for more. Empty once more than `limit` bytes are there.
  std::span<char> room(std::uint64_t limit) {
    if (used_ > limit) return {};
    if (used_ == text_.size()) text_.resize(used_ + std::max(kStep, used_ / 2));
    return std::span(text_).subspan(used_);
  }
  void add(std::size_t bytes) { used_ += bytes; }
  [[nodiscard]] Result<std::string> take(std::uint64_t limit) && {
    if (used_ > limit) return too_large(limit);
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  std::string text_;
  std::size_t used_ = 0;
};

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

Result<std::string> gunzip(std::string_view body, std::uint64_t limit) {
  z_stream stream{};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return Error{Code::kInternal, "zlib cannot start"};
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  stream.avail_in = static_cast<uInt>(body.size());
  Output out;
  for (;;) {
    const auto room = out.room(limit);
    if (room.empty()) return too_large(limit);
    const auto avail = static_cast<uInt>(std::min(room.size(), kPieceMax));
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = avail;
    const int rc = inflate(&stream, Z_NO_FLUSH);
    out.add(avail - stream.avail_out);
    if (rc == Z_STREAM_END) {
      if (stream.avail_in == 0) return std::move(out).take(limit);
      if (inflateReset(&stream) != Z_OK) return Error{Code::kInternal, "zlib cannot go on"};  // members may follow one another
      continue;
    }
    if (rc != Z_OK) return invalid("the gzip body is damaged or cut off");
  }
}

Result<std::string> unzstd(std::string_view body, std::uint64_t limit) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  // What `zstd --ultra` writes at most without being told otherwise. The window is memory that a few bytes can ask for.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 27);
  Output out;
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t hint = 1;
  while (in.pos < in.size || hint != 0) {
    const auto room = out.room(limit);
    if (room.empty()) return too_large(limit);
    ZSTD_outBuffer piece{room.data(), std::min(room.size(), kPieceMax), 0};
    const std::size_t before = in.pos;
    hint = ZSTD_decompressStream(context.get(), &piece, &in);
    out.add(piece.pos);
    if (ZSTD_isError(hint) != 0) return invalid(std::string("the zstd body is damaged: ") + ZSTD_getErrorName(hint));
    if (hint != 0 && in.pos == before && piece.pos == 0) return invalid("the zstd body is cut off");
  }
  return std::move(out).take(limit);
}

}  // namespace

Result<std::string> decompress(std::string_view coding, std::string_view body, std::uint64_t limit) {
  std::string name(coding);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (name.empty() || name == "identity") {
    if (body.size() > limit) return too_large(limit);
    return std::string(body);
  }
  if (name == "gzip" || name == "x-gzip") return gunzip(body, limit);
  if (name == "zstd") return unzstd(body, limit);
  return invalid("the content coding \"" + std::string(coding) + "\" is not known; gzip and zstd are");
}

}  // namespace stele::net
