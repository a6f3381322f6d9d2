// What the operating system refused about a file.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::io {

// "WHAT PATH: No space left on device", for a value of errno; kNotFound where there is no such file, otherwise kIo.
Error file_error(std::string_view what, const std::string& path, int number);

}  // namespace stele::io
