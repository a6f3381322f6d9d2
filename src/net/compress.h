// Content coding of what is sent: zstd (RFC 8878). What comes is in decompress.h.
#pragma once

#include <string>
#include <string_view>

namespace stele::net {

// One frame that holds `body`; fast rather than small. Empty if the library has no memory: send the body as it is then.
std::string compress_zstd(std::string_view body);

}  // namespace stele::net
