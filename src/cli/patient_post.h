// POST to a server that may be gone for a while.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/connection.h"

namespace stele::cli {

struct Patience {
  std::int64_t seconds = 300;
  std::function<void(const std::string&)> say;  // why it waits, and that it goes on
  std::function<bool(std::int64_t)> sleep;      // milliseconds; false: stop now
};

// How long to wait before try number `attempt` (from 1), in milliseconds: doubling from 250 to 10,000, and not shorter than
// `retry_after` seconds, of which at most 60 are believed.
std::int64_t retry_millis(unsigned attempt, std::int64_t retry_after);

// Until there is an answer that will not change by waiting. kUnavailable when there was none for longer than the patience, kBusy
// when told to stop; in both cases the request may have been done.
Result<net::ClientAnswer> patient_post(Connection& connection, const Clock& clock, const Patience& patience,
                                       const std::string& target, std::string_view body, std::string_view content_type);

}  // namespace stele::cli
