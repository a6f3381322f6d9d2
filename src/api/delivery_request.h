// What every request that delivers events says of itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/route.h"
#include "base/result.h"
#include "event/entry.h"
#include "net/http.h"

namespace stele::api {

// Who delivers: the source's id is the parameter `source`, else that of the identity, else `name`; the peer and its identity are
// what the server knows. kDenied when the identity writes as another source alone.
Result<event::Source> source_of(const net::Request& request, const Call& call, std::string_view name, std::string_view kind);

// The body without its content coding, of at most `limit` bytes; `decoded` holds it where there was one.
Result<std::string_view> plain_body(const net::Request& request, std::uint64_t limit, std::string& decoded);

}  // namespace stele::api
