#include "base/os_error.h"

#include <system_error>

namespace stele {

Error os_error(std::string_view what, int number) {
  return {Code::kIo, std::string(what) + ": " + std::generic_category().message(number)};
}

}  // namespace stele
