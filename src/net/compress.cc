#include "net/compress.h"

#include <zstd.h>

namespace stele::net {

std::string compress_zstd(std::string_view body) {
  constexpr int kLevel = 1;
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), kLevel);
  out.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return out;
}

}  // namespace stele::net
