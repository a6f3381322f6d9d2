// Files read through memory: what may be large and is read here and there.
#pragma once

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

 private:
  explicit Mapping(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace stele::io
