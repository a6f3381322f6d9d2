// A log behind a URL, verified from what it publishes (C2SP tlog-tiles): every bundle, every tile, the checkpoint.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "verify/report.h"

namespace stele::verify {

// Gets a resource below the log's prefix: "checkpoint", "tile/0/000". kNotFound when the server says so.
using Fetch = std::function<Result<std::string>(const std::string& path)>;

Status verify_remote(const Fetch& fetch, const Options& options, Report& report);

}  // namespace stele::verify
