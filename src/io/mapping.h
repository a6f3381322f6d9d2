// Files read through memory: what may be large and is read here and there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::io {

// A file as it was when it was mapped; not for one that may be cut while it is mapped. Reading is thread-safe.
class Mapping {
 public:
  // kNotFound when it is absent.
  static Result<std::unique_ptr<Mapping>> open(const std::string& path);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  // Whether the file is still there, and nobody wrote to it since it was mapped, as far as its time and size tell.
  [[nodiscard]] bool is_untouched() const;

 private:
  Mapping(std::string_view bytes, int descriptor, std::int64_t written)
      : bytes_(bytes), descriptor_(descriptor), written_(written) {}
  std::string_view bytes_;
  int descriptor_;
  std::int64_t written_;  // when, nanoseconds since 1970
};

}  // namespace stele::io
