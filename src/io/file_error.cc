#include "io/file_error.h"

#include "base/os_error.h"

namespace stele::io {

Error file_error(std::string_view what, const std::string& path, int number) {
  Error error = os_error(std::string(what) + " " + path, number);
  if (number == ENOENT) error.code = Code::kNotFound;
  return error;
}

}  // namespace stele::io
