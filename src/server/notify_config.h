// The destinations that a configuration names.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "notify/destination.h"
#include "server/config.h"

namespace stele::server {

// What can be said about the keys without reading a file; kInvalid names the key.
Status check_notify_config(const Config& config);

// Reads the files of secrets that the configuration names. Empty when it names no destination.
Result<std::vector<std::unique_ptr<notify::Destination>>> make_destinations(const Config& config, const Clock& clock);

}  // namespace stele::server
