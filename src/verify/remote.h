// A log behind a URL, verified from what it publishes (C2SP tlog-tiles): every bundle, every tile, the checkpoint.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "verify/report.h"

namespace stele::verify {

// Gets a resource below the log's prefix: "checkpoint", "tile/0/000". kNotFound when the server says so.
using Fetch = std::function<Result<std::string>(const std::string& path)>;

// Waits a moment for the server to do what it will do in time.
using Wait = std::function<void()>;

// An anchor newer than the published checkpoint is waited for, `wait` by `wait`, a few times: a checkpoint is published
// up to a second after the entries that it covers.
Status verify_remote(const Fetch& fetch, const Wait& wait, const Options& options, Report& report);

}  // namespace stele::verify
