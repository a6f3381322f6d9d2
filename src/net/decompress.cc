#include "net/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace stele::net {
namespace {

constexpr std::size_t kStep = 256U << 10;

Error too_large(std::uint64_t limit) {
  return {Code::kTooLarge, "the body has more than " + std::to_string(limit) + " bytes once decompressed"};
}

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

Result<std::string> gunzip(const std::string& body, std::uint64_t limit) {
  z_stream stream{};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return Error{Code::kInternal, "zlib cannot start"};
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  for (;;) {
    const std::size_t at = out.size();
    if (at > limit) return too_large(limit);
    out.resize(at + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(&out[at]);
    stream.avail_out = static_cast<uInt>(kStep);
    const int rc = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (rc == Z_STREAM_END) {
      if (out.size() > limit) return too_large(limit);
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return Error{Code::kInternal, "zlib cannot go on"};  // members may follow one another
      continue;
    }
    if (rc != Z_OK) return invalid("the gzip body is damaged or cut off");
  }
}

Result<std::string> unzstd(const std::string& body, std::uint64_t limit) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 27);
  std::string out;
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t hint = 1;
  while (in.pos < in.size || hint != 0) {
    const std::size_t at = out.size();
    if (at > limit) return too_large(limit);
    out.resize(at + kStep);
    ZSTD_outBuffer piece{&out[at], kStep, 0};
    const std::size_t before = in.pos;
    hint = ZSTD_decompressStream(context.get(), &piece, &in);
    out.resize(at + piece.pos);
    if (ZSTD_isError(hint) != 0) return invalid(std::string("the zstd body is damaged: ") + ZSTD_getErrorName(hint));
    if (hint != 0 && in.pos == before && piece.pos == 0) return invalid("the zstd body is cut off");
  }
  if (out.size() > limit) return too_large(limit);
  return out;
}

}  // namespace

Result<std::string> decompress(std::string_view coding, std::string body, std::uint64_t limit) {
  if (coding.empty() || coding == "identity") {
    if (body.size() > limit) return too_large(limit);
    return body;
  }
  if (coding == "gzip" || coding == "x-gzip") return gunzip(body, limit);
  if (coding == "zstd") return unzstd(body, limit);
  return invalid("the content coding \"" + std::string(coding) + "\" is not known; gzip and zstd are");
}

}  // namespace stele::net
