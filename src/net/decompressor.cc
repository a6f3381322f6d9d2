#include "net/decompressor.h"

#include <zlib.h>
#include <zstd.h>

namespace stele::net {
namespace {

constexpr std::size_t kPiece = 256U << 10;

class Gunzip final : public Decompressor {
 public:
  Gunzip() {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    ready_ = inflateInit2(&stream_, kGzipOnly) == Z_OK;
  }
  ~Gunzip() override { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  Status feed(std::string_view bytes, std::string& out) override {
    if (!ready_) return Error{Code::kInternal, "zlib cannot start"};
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      if (between_) {
        if (stream_.avail_in == 0) return {};
        if (inflateReset(&stream_) != Z_OK) return Error{Code::kInternal, "zlib cannot go on"};
        between_ = false;
      }
      const std::size_t before = out.size();
      out.resize(before + kPiece);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = kPiece;
      const int rc = inflate(&stream_, Z_NO_FLUSH);
      out.resize(before + kPiece - stream_.avail_out);
      between_ = rc == Z_STREAM_END;
      if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) return corrupt("the gzip data is damaged");
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return {};
  }
  Status end() override { return between_ ? Status() : corrupt("the gzip data is cut off"); }

 private:
  z_stream stream_{};
  bool ready_ = false;
  bool between_ = false;  // members
};

class Unzstd final : public Decompressor {
 public:
  Unzstd() : context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 27);  // 128 MiB: what `zstd --ultra` writes at most by itself
  }

  Status feed(std::string_view bytes, std::string& out) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (bool more = true; more;) {
      const std::size_t before = out.size();
      out.resize(before + kPiece);
      ZSTD_outBuffer piece{out.data() + before, kPiece, 0};
      const std::size_t hint = ZSTD_decompressStream(context_.get(), &piece, &in);
      out.resize(before + piece.pos);
      if (ZSTD_isError(hint) != 0) return corrupt(std::string("the zstd data is damaged: ") + ZSTD_getErrorName(hint));
      between_ = hint == 0;
      more = in.pos < in.size || piece.pos == kPiece;
    }
    return {};
  }
  Status end() override { return between_ ? Status() : corrupt("the zstd data is cut off"); }

 private:
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  bool between_ = false;  // frames
};

}  // namespace

std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return std::make_unique<Gunzip>();
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return std::make_unique<Unzstd>();
  return nullptr;
}

}  // namespace stele::net
