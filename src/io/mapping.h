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
  virtual ~Mapping() = default;

  // All of the file. What load() did not answer for may not be read.
  [[nodiscard]] virtual std::string_view bytes() const = 0;
  // Whether bytes [offset, offset + size), which the file has, can be read, from now on for as long as this lives.
  [[nodiscard]] virtual bool load(std::uint64_t offset, std::uint64_t size) const = 0;
  // Whether the file is still there, and nobody wrote to it since it was mapped, as far as its time and size tell.
  [[nodiscard]] virtual bool is_untouched() const = 0;
  // Bytes of memory that are this mapping's alone, and not the page cache's.
  [[nodiscard]] virtual std::uint64_t memory() const { return 0; }
};

// One of the operating system's files. kNotFound when it is absent.
Result<std::unique_ptr<Mapping>> map_file(const std::string& path);

}  // namespace stele::io
