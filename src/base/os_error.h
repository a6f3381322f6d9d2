// What the operating system refused, in its words.
#pragma once

#include <cerrno>
#include <string_view>

#include "base/result.h"

namespace stele {

// kIo, "WHAT: Permission denied": of what errno says, or of another such number.
Error os_error(std::string_view what, int number = errno);

}  // namespace stele
