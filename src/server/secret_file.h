// A secret that a file of the configuration holds.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::server {

// The file's text without the line end behind it. At most 4 KiB; kInvalid where it is empty. Errors begin with `key`, the setting
// that names the file.
Result<std::string> read_secret(std::string_view key, const std::string& path);

}  // namespace stele::server
