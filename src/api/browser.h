// What a browser sends because a page of another site says so, told from what its user wants.
#pragma once

#include "base/result.h"
#include "net/http.h"

namespace stele::api {

// A browser on this machine sends what the pages in it say. A page of another site can make its own name stand for this
// machine's address (DNS rebinding), so a request over TCP comes from here only when it calls the server by an address, or
// "localhost".
bool calls_by_address(const net::Request& request);
// What whoever calls otherwise is told.
Error not_by_its_name(const net::Request& request);

// A page can make the browser send a plain POST to any address, which then says by which site (RFC 6454).
bool comes_from_elsewhere(const net::Request& request);
// What its page is told.
Error of_another_site(const net::Request& request);

}  // namespace stele::api
