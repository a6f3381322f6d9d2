// gzip (RFC 1952) and zstd (RFC 8878) as streams, for files that do not fit into memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::net {

class Decompressor {
 public:
  virtual ~Decompressor() = default;
  // Appends what the next bytes hold to `out`. Several members or frames may follow one another. kCorrupt when damaged.
  virtual Status feed(std::string_view bytes, std::string& out) = 0;
  // No more bytes follow: kCorrupt when something is missing.
  virtual Status end() = 0;
};

// The one for a stream that begins with these bytes (4 are enough); null when they are of neither.
std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes);

}  // namespace stele::net
