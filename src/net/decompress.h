// Content codings of request bodies: gzip (RFC 1952) and zstd (RFC 8878).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::net {

// The body behind `coding` ("", "identity", "gzip", "x-gzip", "zstd"), of at most `limit` bytes.
// kTooLarge past the limit, kInvalid when damaged, cut off, or of an unknown coding.
Result<std::string> decompress(std::string_view coding, std::string body, std::uint64_t limit);

}  // namespace stele::net
