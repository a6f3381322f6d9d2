// Content codings of request bodies: gzip (RFC 1952) and zstd (RFC 8878).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::net {

// The body behind `coding` ("", "identity", "gzip", "x-gzip", "zstd", in any case), of at most `limit` bytes. Several gzip
// members or zstd frames may follow one another. kTooLarge past the limit, kInvalid when damaged, cut off, or of another coding.
Result<std::string> decompress(std::string_view coding, std::string_view body, std::uint64_t limit);

}  // namespace stele::net
